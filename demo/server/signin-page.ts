import { brand, documentOf, escaped } from "./shell.ts";

/** The sign-in form; `mistake` is said above the fields. */
export const signinPage = (next: string, mistake?: string): string =>
  documentOf({
    title: "Sign in",
    styles: ["plain.css"],
    body: `<div class="middle"><form class="card" id="signin" method="post" action="/signin?next=${escaped(encodeURIComponent(next))}">
${brand}
<h1>Sign in</h1>
${mistake === undefined ? '<p class="quiet">Dashboards of Meridian Trading.</p>' : `<p class="mistake" role="alert">${escaped(mistake)}</p>`}
<label>Name<input name="username" autocomplete="username" required autofocus></label>
<label>Password<input name="password" type="password" autocomplete="current-password" required></label>
<button type="submit">Sign in</button>
</form></div>`,
  });
