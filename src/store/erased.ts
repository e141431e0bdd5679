/**
 * What stands for an erased address among the suppressions, as SQL over an expression: a salted hash, so that nobody looks it up in a table
 * that others have made, and the address still gets no mail where a list goes on naming it.
 */
export const erasedAddress = (address: string): string =>
  `('erased:' || encode(sha256(convert_to((select salt from installation)::text || lower(${address}), 'UTF8')), 'hex'))`;
