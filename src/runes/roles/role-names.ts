// The names of roles and runes: lower-case words joined by '-'. Apart from the contract, so that a role table is read without loading schemas.

/** What can stand in a role table, a log line and a file name. */
export const NAME_PATTERN = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
