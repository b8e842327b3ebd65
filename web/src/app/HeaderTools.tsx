// What stands at the top: desk, language, light and dark, the person.

import { BulbOutlined, GlobalOutlined, UserOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { App, Button, Dropdown, Select, Tooltip } from "antd";
import { asApiError, useDeskOrNull, useDesks, useMe } from "../api";
import { keepDesk } from "../api/desk";
import { signOut } from "../api/session";
import { useAppearance } from "../components/appearance";
import { useI18n } from "../i18n";

/** Desks beyond which typing is quicker than looking. */
const WORTH_SEARCHING = 8;

export function DeskChooser() {
  const { t } = useI18n();
  const { data } = useDesks();
  const desk = useDeskOrNull();
  const navigate = useNavigate();
  const choose = (wanted: string) => {
    keepDesk(wanted);
    void navigate({ to: ".", search: (search) => ({ ...search, desk: wanted }) });
  };
  return (
    <Select
      className="desk-chooser"
      aria-label={t("shell.desk")}
      placeholder={t("shell.deskChoose")}
      value={desk}
      loading={!data}
      showSearch={(data?.length ?? 0) > WORTH_SEARCHING}
      options={(data ?? []).map((one) => ({ value: one.id, label: one.id }))}
      onChange={choose}
      popupMatchSelectWidth={false}
      data-testid="desk-chooser"
    />
  );
}

export function LanguageSwitch() {
  const { t, language, choose } = useI18n();
  const other = language === "zh" ? "en" : "zh";
  return (
    <Button type="text" icon={<GlobalOutlined />} lang={other} aria-label={t("shell.languageSwitch")} onClick={() => choose(other)} data-testid="language-switch">
      <span className="tool-word">{t("shell.languageNext")}</span>
    </Button>
  );
}

const APPEARANCES = [
  ["light", "shell.themeLight"],
  ["dark", "shell.themeDark"],
  ["system", "shell.themeSystem"],
] as const;

export function ThemeMenu() {
  const { t } = useI18n();
  const { chosen, choose } = useAppearance();
  return (
    <Dropdown
      trigger={["click"]}
      menu={{
        selectable: true,
        selectedKeys: [chosen],
        items: APPEARANCES.map(([key, label]) => ({ key, label: <span data-testid={`theme-${key}`}>{t(label)}</span> })),
        onClick: ({ key }) => {
          if (key === "light" || key === "dark" || key === "system") choose(key);
        },
      }}
    >
      <Tooltip title={t("shell.theme")} placement="bottom">
        <Button type="text" icon={<BulbOutlined />} aria-label={t("shell.theme")} aria-haspopup="menu" data-testid="theme-menu" />
      </Tooltip>
    </Dropdown>
  );
}

export function AccountMenu() {
  const { t } = useI18n();
  const me = useMe();
  const client = useQueryClient();
  const navigate = useNavigate();
  const { message } = App.useApp();
  const leave = async () => {
    try {
      await signOut();
      await navigate({ to: "/login" });
      // Only now: the pages before would ask again.
      client.clear();
    } catch (error) {
      const { code } = asApiError(error);
      void message.error(`${t(`problem.${code}`)} ${t(`problem.${code}_way`)}`);
    }
  };
  return (
    <Dropdown
      trigger={["click"]}
      menu={{
        items: [
          { key: "who", type: "group", label: `${me.name} · ${t(`common.role_${me.role}`)}` },
          { key: "profile", label: t("shell.profile") },
          { key: "leave", label: <span data-testid="sign-out">{t("shell.signOut")}</span> },
        ],
        onClick: ({ key }) => {
          if (key === "leave") void leave();
          else void navigate({ to: "/profile" });
        },
      }}
    >
      <Button type="text" icon={<UserOutlined />} aria-haspopup="menu" aria-label={`${t("shell.account")}: ${me.name}`} data-testid="account-menu">
        <span className="tool-word">{me.name}</span>
      </Button>
    </Dropdown>
  );
}
