// Signing in. A refused attempt says why and keeps the name.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useRouter } from "@tanstack/react-router";
import { Button, Form, Input, type InputRef } from "antd";
import { useEffect, useRef } from "react";
import { signIn } from "../../api/session";
import { ErrorNotice } from "../../components/ErrorNotice";
import { useAppearance } from "../../components/appearance";
import { useI18n } from "../../i18n";

const route = getRouteApi("/login");

interface Fields {
  name: string;
  password: string;
}

export default function LoginPage() {
  const { t, language, choose } = useI18n();
  const { dark, choose: chooseAppearance } = useAppearance();
  const { back } = route.useSearch();
  const client = useQueryClient();
  const router = useRouter();
  const first = useRef<InputRef>(null);
  const password = useRef<InputRef>(null);

  useEffect(() => {
    document.title = `${t("session.title")} · ${t("shell.product")}`;
  }, [t]);
  useEffect(() => first.current?.focus(), []);

  const attempt = useMutation({
    mutationFn: ({ name, password: secret }: Fields) => signIn(name.trim(), secret),
    onSuccess: async () => {
      client.clear();
      // `back` was made by the console itself; an address of another origin is not followed.
      if (back?.startsWith("/") && !back.startsWith("//")) router.history.push(back);
      else await router.navigate({ to: "/" });
    },
    onError: () => password.current?.focus({ cursor: "all" }),
  });

  return (
    <div className="login" data-testid="login">
      <main className="login-card">
        <div className="login-brand">
          <img src="/favicon.svg" alt="" width="40" height="40" />
          <div>
            <p className="login-name">{t("shell.product")}</p>
            <p className="quiet flush">{t("session.lead")}</p>
          </div>
        </div>
        <h1>{t("session.title")}</h1>
        {back !== undefined && !attempt.isError && (
          <p className="quiet" role="status">
            {t("session.ended")}
          </p>
        )}
        <Form<Fields> layout="vertical" requiredMark={false} onFinish={(fields) => attempt.mutate(fields)} data-testid="sign-in-form">
          <Form.Item name="name" label={t("session.name")} rules={[{ required: true, whitespace: true, message: t("session.nameMissing") }]}>
            <Input ref={first} size="large" autoComplete="username" autoCapitalize="none" spellCheck={false} data-testid="sign-in-name" />
          </Form.Item>
          <Form.Item name="password" label={t("session.password")} rules={[{ required: true, message: t("session.passwordMissing") }]}>
            <Input.Password ref={password} size="large" autoComplete="current-password" data-testid="sign-in-password" />
          </Form.Item>
          {attempt.error && <ErrorNotice error={attempt.error} testId="sign-in-problem" />}
          <Button type="primary" size="large" htmlType="submit" block className="above" loading={attempt.isPending} data-testid="sign-in-submit">
            {t("session.submit")}
          </Button>
        </Form>
        <p className="quiet small">{t("session.firstTime")}</p>
      </main>
      <footer className="login-foot">
        <span className="quiet">{t("session.offline")}</span>
        <span>
          <Button type="link" size="small" lang={language === "zh" ? "en" : "zh"} aria-label={t("shell.languageSwitch")} onClick={() => choose(language === "zh" ? "en" : "zh")} data-testid="language-switch">
            {t("shell.languageNext")}
          </Button>
          <Button type="link" size="small" onClick={() => chooseAppearance(dark ? "light" : "dark")} data-testid="theme-switch">
            {dark ? t("shell.themeLight") : t("shell.themeDark")}
          </Button>
        </span>
      </footer>
    </div>
  );
}
