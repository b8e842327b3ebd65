import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { whenSignedOut } from "./api/client";
import { forgetSession } from "./api/session";
import "./app/base.css";
import "./app/shell.css";
import { keepToPolicy } from "./app/nonce";
import { Providers } from "./app/providers";
import { makeQueryClient } from "./app/queries";
import { makeRouter } from "./app/router";
import { isDark, keptAppearance, wantsDark } from "./app/theme";
import { loadLanguage, preferredLanguage } from "./i18n/language";

keepToPolicy();

const client = makeQueryClient();
const router = makeRouter(client);

whenSignedOut(() => {
  forgetSession();
  const { pathname, href } = router.state.location;
  if (pathname !== "/login") void router.navigate({ to: "/login", search: { back: href } });
});

// Before the first picture, so that a dark page does not begin with a white one.
document.documentElement.dataset.theme = isDark(keptAppearance(), wantsDark.now()) ? "dark" : "light";

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
const place = createRoot(root);
void loadLanguage(preferredLanguage()).then((first) =>
  place.render(
    <StrictMode>
      <Providers client={client} first={first}>
        <RouterProvider router={router} />
      </Providers>
    </StrictMode>,
  ),
);
