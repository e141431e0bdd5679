/** MJML ships no types; this is the part of it that is used. */
declare module "mjml" {
  interface MjmlOptions {
    readonly validationLevel?: "strict" | "soft" | "skip";
    readonly ignoreIncludes?: boolean;
    readonly fonts?: Readonly<Record<string, string>>;
  }
  interface MjmlAnswer {
    readonly html: string;
    readonly errors: readonly { readonly formattedMessage: string }[];
  }
  const mjml: (source: string, options?: MjmlOptions) => Promise<MjmlAnswer>;
  // biome-ignore lint/style/noDefaultExport: it is the package's own.
  export default mjml;
}
