import { createContext, use } from "react";

/** What the page looks like now, and what the person chose. */
export interface AppearanceValue {
  chosen: "light" | "dark" | "system";
  dark: boolean;
  choose: (appearance: "light" | "dark" | "system") => void;
}

export const AppearanceContext = createContext<AppearanceValue>({ chosen: "system", dark: false, choose: () => undefined });

export const useAppearance = () => use(AppearanceContext);
