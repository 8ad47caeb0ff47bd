// What a request costs the processor of a real server, and the bytes that its protocol puts around an answer. The figures come from
// `node sim/storm/measure-server-costs.ts`: processor time that the kernel counts for all threads of the server, divided by the requests.

export interface ServerCosts {
  readonly name: string;
  readonly usPerRequest: number;
  readonly nsPerByte: number;
  readonly requestBytes: number;
  readonly answerBytes: number;
  /** Processors that the server's machine has. */
  readonly cores: number;
}

export const NBD_SERVER: ServerCosts = {
  name: 'NBD server',
  usPerRequest: 6.8,
  nsPerByte: 0.41,
  requestBytes: 28,
  answerBytes: 16,
  cores: 4,
};

export const HTTP_SERVER: ServerCosts = {
  name: 'HTTP server',
  usPerRequest: 7.5,
  nsPerByte: 0.063,
  requestBytes: 67,
  answerBytes: 284,
  cores: 4,
};
