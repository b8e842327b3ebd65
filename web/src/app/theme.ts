// The look: one accent, quiet surfaces, borders where they separate and nowhere else. Contrast of text is 4.5:1 or more in both themes.

import { theme as antd, type ThemeConfig } from "antd";

export type Appearance = "light" | "dark" | "system";

const SANS =
  'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei", "Noto Sans CJK SC", "Source Han Sans SC", sans-serif';
const MONO = 'ui-monospace, "SF Mono", "Cascadia Code", Menlo, Consolas, "Noto Sans Mono", "Noto Sans Mono CJK SC", monospace';

const SHARED: NonNullable<ThemeConfig["token"]> = {
  fontFamily: SANS,
  fontFamilyCode: MONO,
  fontSize: 14,
  fontSizeHeading1: 26,
  fontSizeHeading2: 20,
  fontSizeHeading3: 16,
  fontSizeHeading4: 15,
  fontSizeHeading5: 14,
  borderRadius: 7,
  borderRadiusLG: 10,
  borderRadiusSM: 5,
  controlHeight: 34,
  controlHeightSM: 28,
  wireframe: false,
};

const LIGHT: NonNullable<ThemeConfig["token"]> = {
  colorPrimary: "#0d685c",
  colorInfo: "#2f55a4",
  colorLink: "#0d685c",
  colorLinkHover: "#0a4d44",
  colorLinkActive: "#083d36",
  colorSuccess: "#1f7a4d",
  colorWarning: "#8a5a00",
  colorError: "#b3261e",
  // Made from the colours above, these would come out grey.
  colorPrimaryBg: "#e2f0ed",
  colorPrimaryBgHover: "#cfe6e1",
  colorPrimaryBorder: "#9fcfc5",
  colorSuccessBg: "#e3f4ea",
  colorSuccessBorder: "#b5dfc6",
  colorWarningBg: "#fdf1d8",
  colorWarningBorder: "#eed9a6",
  colorErrorBg: "#fdecea",
  colorErrorBorder: "#f3c1bc",
  colorInfoBg: "#e9eefa",
  colorInfoBorder: "#c3d1f0",
  colorText: "#16212a",
  colorTextSecondary: "#4c5a66",
  colorTextTertiary: "#5c6974",
  colorTextDescription: "#566470",
  colorTextPlaceholder: "#66737e",
  colorTextDisabled: "#7b8790",
  colorBgLayout: "#f4f6f6",
  colorBgContainer: "#ffffff",
  colorBgElevated: "#ffffff",
  colorBorder: "#c6d0d3",
  colorBorderSecondary: "#e3e9ea",
  colorFillAlter: "#f6f8f8",
};

const DARK: NonNullable<ThemeConfig["token"]> = {
  colorPrimary: "#4fb8a6",
  colorInfo: "#8fb0f2",
  colorLink: "#6ecfbe",
  colorLinkHover: "#97e0d3",
  colorLinkActive: "#97e0d3",
  colorSuccess: "#5cc48d",
  colorWarning: "#e5b454",
  colorError: "#ff8f85",
  colorPrimaryBg: "#15342f",
  colorPrimaryBgHover: "#1a423b",
  colorPrimaryBorder: "#2b6a5f",
  colorSuccessBg: "#16352a",
  colorSuccessBorder: "#28573f",
  colorWarningBg: "#33290f",
  colorWarningBorder: "#5d4a1b",
  colorErrorBg: "#3c1d1a",
  colorErrorBorder: "#6b332e",
  colorInfoBg: "#1a2540",
  colorInfoBorder: "#2f4374",
  colorTextBase: "#e6ecee",
  colorText: "#e4ebed",
  colorTextSecondary: "#a9b6bc",
  colorTextTertiary: "#9aa8af",
  colorTextDescription: "#a1aeb5",
  colorTextPlaceholder: "#8b9aa2",
  colorTextDisabled: "#77868e",
  colorTextLightSolid: "#04211d",
  colorBgBase: "#0f1518",
  colorBgLayout: "#0c1114",
  colorBgContainer: "#141b1f",
  colorBgElevated: "#1b2429",
  colorBorder: "#39464d",
  colorBorderSecondary: "#253036",
  colorFillAlter: "#182025",
};

export function themeFor(dark: boolean, still: boolean): ThemeConfig {
  return {
    algorithm: dark ? antd.darkAlgorithm : antd.defaultAlgorithm,
    token: { ...SHARED, ...(dark ? DARK : LIGHT), motion: !still },
    components: {
      Button: { fontWeight: 500, primaryShadow: "none", defaultShadow: "none", dangerShadow: "none" },
      Table: { headerSplitColor: "transparent", cellPaddingBlockMD: 9, cellPaddingInlineMD: 14, headerBg: dark ? "#182025" : "#f6f8f8", headerBorderRadius: 0, rowHoverBg: dark ? "#1a2328" : "#f6f9f8" },
      Tag: { defaultBg: dark ? "#222d33" : "#eef2f2" },
      Card: { headerFontSize: 15, bodyPadding: 20 },
      Tooltip: dark ? { colorBgSpotlight: "#37454d", colorTextLightSolid: "#eef3f4" } : {},
      Form: { itemMarginBottom: 18, verticalLabelPadding: "0 0 6px" },
      Modal: { titleFontSize: 17 },
    },
  };
}

const KEPT_AS = "riposte.theme";

/** A wish of the person's system, as `useSyncExternalStore` takes it. */
function systemWish(query: string) {
  const media = window.matchMedia(query);
  return {
    now: () => media.matches,
    watch: (listener: () => void) => {
      media.addEventListener("change", listener);
      return () => media.removeEventListener("change", listener);
    },
  };
}

export const wantsDark = systemWish("(prefers-color-scheme: dark)");
export const wantsStill = systemWish("(prefers-reduced-motion: reduce)");

export function keptAppearance(): Appearance {
  const kept = localStorage.getItem(KEPT_AS);
  return kept === "light" || kept === "dark" ? kept : "system";
}

export const keepAppearance = (appearance: Appearance) => {
  localStorage.setItem(KEPT_AS, appearance);
};

export const isDark = (appearance: Appearance, systemDark: boolean) => appearance === "dark" || (appearance === "system" && systemDark);
