// One's own account, and how the console looks here.

import { Segmented } from "antd";
import "./people.css";
import { PasswordForm } from "./PasswordForm";
import { useMe } from "../../api";
import { PageHeader, useAppearance } from "../../components";
import { useI18n } from "../../i18n";

export default function ProfilePage() {
  const { t, language, choose, format } = useI18n();
  const appearance = useAppearance();
  const me = useMe();
  return (
    <>
      <PageHeader title={t("people.profile")} lead={t("people.profileLead")} />
      <div className="people-columns">
        <section className="panel" data-testid="profile">
          <h2>{t("people.you")}</h2>
          <dl className="facts">
            <dt>{t("people.name")}</dt>
            <dd data-testid="profile-name">{me.name}</dd>
            <dt>{t("people.role")}</dt>
            <dd>{t(`common.role_${me.role}`)}</dd>
            <dt>{t("people.desks")}</dt>
            <dd>{me.desks === "all" ? t("common.allDesks") : format.list(me.desks)}</dd>
          </dl>
        </section>
        {me.kind === "account" && (
          <section className="panel">
            <h2>{t("people.password")}</h2>
            <PasswordForm />
          </section>
        )}
        <section className="panel">
          <h2>{t("people.display")}</h2>
          <dl className="facts">
            <dt>{t("shell.language")}</dt>
            <dd>
              <Segmented
                aria-label={t("shell.language")}
                value={language}
                onChange={choose}
                options={[
                  { value: "zh", label: t("common.zh") },
                  { value: "en", label: t("common.en") },
                ]}
              />
            </dd>
            <dt>{t("shell.theme")}</dt>
            <dd>
              <Segmented
                aria-label={t("shell.theme")}
                value={appearance.chosen}
                onChange={appearance.choose}
                options={[
                  { value: "light", label: t("shell.themeLight") },
                  { value: "dark", label: t("shell.themeDark") },
                  { value: "system", label: t("shell.themeSystem") },
                ]}
              />
            </dd>
          </dl>
        </section>
        <section className="panel">
          <h2>{t("people.service")}</h2>
          <dl className="facts">
            <dt>{t("people.version")}</dt>
            <dd>{me.version}</dd>
            <dt>{t("people.model")}</dt>
            <dd>{me.model.name}</dd>
            <dt>{t("people.fingerprint")}</dt>
            <dd>
              <code>{me.model.fingerprint}</code>
            </dd>
            <dt>{t("people.licences")}</dt>
            <dd>
              <a href="/licences.txt" target="_blank" rel="noreferrer">
                {t("people.licencesOf")}
              </a>
            </dd>
          </dl>
        </section>
      </div>
    </>
  );
}
