// What every page stands on: words, theme, queries, messages.

import { QueryClientProvider, type QueryClient } from "@tanstack/react-query";
import { App as AntApp, ConfigProvider } from "antd";
import dayjs from "dayjs";
import { useEffect, useMemo, useState, useSyncExternalStore, type ReactNode } from "react";
import { AppearanceContext } from "../components/appearance";
import { describeLanguage, keepLanguage, LanguageContext, loadLanguage, type LanguagePack } from "../i18n/language";
import type { Language } from "../i18n/types";
import { nonce } from "./nonce";
import { isDark, keepAppearance, keptAppearance, themeFor, wantsDark, wantsStill } from "./theme";

export function Providers({ client, first, children }: { client: QueryClient; first: LanguagePack; children: ReactNode }) {
  const [pack, setPack] = useState(first);
  const [chosen, setChosen] = useState(keptAppearance);
  const dark = isDark(chosen, useSyncExternalStore(wantsDark.watch, wantsDark.now));
  const still = useSyncExternalStore(wantsStill.watch, wantsStill.now);

  const language = useMemo(
    () => ({
      ...describeLanguage(pack),
      choose: (wanted: Language) => {
        keepLanguage(wanted);
        void loadLanguage(wanted).then(setPack);
      },
    }),
    [pack],
  );
  const appearance = useMemo(
    () => ({
      chosen,
      dark,
      choose: (wanted: typeof chosen) => {
        keepAppearance(wanted);
        setChosen(wanted);
      },
    }),
    [chosen, dark],
  );
  const theme = useMemo(() => themeFor(dark, still), [dark, still]);

  useEffect(() => {
    document.documentElement.lang = pack.language;
    dayjs.locale(pack.language === "zh" ? "zh-cn" : "en");
  }, [pack.language]);
  useEffect(() => {
    document.documentElement.dataset.theme = dark ? "dark" : "light";
  }, [dark]);

  return (
    <QueryClientProvider client={client}>
      <LanguageContext value={language}>
        <AppearanceContext value={appearance}>
          <ConfigProvider theme={theme} locale={pack.components} {...(nonce ? { csp: { nonce } } : {})} button={{ autoInsertSpace: false }}>
            <AntApp className="page-root" message={{ maxCount: 3 }}>
              {children}
            </AntApp>
          </ConfigProvider>
        </AppearanceContext>
      </LanguageContext>
    </QueryClientProvider>
  );
}
