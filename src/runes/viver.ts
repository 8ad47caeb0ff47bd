// What a rune file imports as 'viver': the contract, the schemas' language, and the interfaces of the built-in runes.

export * as z from 'zod/mini';
export type { Facts, NicFacts } from './contract/facts.ts';
export { type Client, defineInterface, type Handlers } from './contract/interface.ts';
export type { Found, Labels, Member, MemberChange, OfferLabels, Where } from './contract/room.ts';
export { defineRune, type RuneContext, type Started } from './contract/rune.ts';
export { addressKeeper } from './interfaces/address-keeper.ts';
export { bootLoaderPath } from './interfaces/boot-loader-path.ts';
export { bootScript } from './interfaces/boot-script.ts';
export { field } from './interfaces/field.ts';
