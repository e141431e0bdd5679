/** Where an undeliverable email goes back to, and which delivery it was: `bounces+42.<token>@example.com`. */
export interface ReturnPath {
  readonly deliveryId: string;
  /** The beginning of the message's SHA-256: only who got the email can name it, so nobody can make up a bounce of somebody else's. */
  readonly token: string;
}

/** Hexadecimal digits of the token. */
const tokenLength = 20;

/** The return path of a delivery; an email that is none goes back to the address itself. */
export const returnPathOf = (
  address: string,
  { deliveryId, sha256 }: { readonly deliveryId: string; readonly sha256: string },
): string => {
  if (!/^\d{1,19}$/.test(deliveryId)) return address;
  const at = address.lastIndexOf("@");
  return `${address.slice(0, at)}+${deliveryId}.${sha256.slice(0, tokenLength)}${address.slice(at)}`;
};

/** The delivery that an address names; `null`: it is no return path of ours. Some servers change the case of what they send back to. */
export const readReturnPath = (address: string, base: string): ReturnPath | null => {
  const at = base.lastIndexOf("@");
  const [local, domain] = [base.slice(0, at).toLowerCase(), base.slice(at).toLowerCase()];
  const [, name, deliveryId, token, rest] =
    /^<?([^\s<>]+?)\+(\d{1,19})\.([0-9a-f]{20})(@[^\s<>@]+)>?$/.exec(address.trim().toLowerCase()) ?? [];
  if (name !== local || rest !== domain || deliveryId === undefined || token === undefined) return null;
  return { deliveryId, token };
};

/** True when a message is the one that a return path was made for. */
export const isOf = ({ token }: ReturnPath, sha256: string): boolean => sha256.toLowerCase().startsWith(token);
