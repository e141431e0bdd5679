/** The little of a browser's document that scripts in pages use; the project itself is compiled without a browser's types. */
export interface PageElement {
  readonly tagName: string;
  readonly id: string;
  readonly innerText?: string;
  readonly textContent: string | null;
  readonly parentElement: PageElement | null;
  readonly children: ArrayLike<PageElement>;
  readonly scrollWidth: number;
  readonly scrollHeight: number;
  readonly clientWidth: number;
  readonly clientHeight: number;
  scrollTop: number;
  readonly getAttribute: (name: string) => string | null;
  readonly matches: (selector: string) => boolean;
  readonly closest: (selector: string) => PageElement | null;
  readonly querySelector: (selector: string) => PageElement | null;
  readonly querySelectorAll: (selector: string) => Iterable<PageElement> & ArrayLike<PageElement>;
  readonly getBoundingClientRect: () => PageBox;
  readonly checkVisibility?: (how: Readonly<Record<string, boolean>>) => boolean;
  readonly remove: () => void;
}

/** A box in CSS pixels, measured from the top left of what is visible. */
export interface PageBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly top: number;
  readonly bottom: number;
}

/** What scripts in pages use of the document. */
export interface PageDocument {
  readonly title: string;
  readonly readyState: string;
  readonly fonts?: { readonly status: string };
  readonly documentElement: PageElement;
  readonly body: PageElement | null;
  readonly querySelector: (selector: string) => PageElement | null;
  readonly querySelectorAll: (selector: string) => Iterable<PageElement> & ArrayLike<PageElement>;
}

/** What scripts in pages use of the window. */
export interface PageWindow {
  readonly innerWidth: number;
  readonly innerHeight: number;
  readonly scrollX: number;
  readonly scrollY: number;
  readonly scrollTo: (x: number, y: number) => void;
  readonly requestAnimationFrame: (run: () => void) => void;
  readonly getComputedStyle: (element: PageElement) => { readonly overflowY: string };
}
