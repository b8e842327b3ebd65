// The console's frame: menu at the side, desk and person at the top, the page in between. On a narrow window the menu is a drawer's width
// over the page and goes when a line is chosen.

import { MenuFoldOutlined, MenuOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useLocation } from "@tanstack/react-router";
import { Badge, Button } from "antd";
import { useState } from "react";
import { api, meQuery, need, useDeskOrNull, useMe } from "../api";
import { useHotkeys } from "../components/Keys";
import { useI18n } from "../i18n";
import { AccountMenu, DeskChooser, LanguageSwitch, ThemeMenu } from "./HeaderTools";
import { MENU, SECTIONS, type MenuLine } from "./menu";

export function Shell() {
  const { data: me } = useQuery({ ...meQuery, enabled: false });
  return me ? <Frame /> : <GuestFrame />;
}

/** Around the one page that needs no account. */
function GuestFrame() {
  const { t } = useI18n();
  return (
    <div className="guest" data-testid="guest">
      <header className="topbar">
        <Brand />
        <span className="topbar-space" />
        <LanguageSwitch />
        <ThemeMenu />
        <Link to="/login">{t("session.title")}</Link>
      </header>
      <main id="page" className="page" tabIndex={-1}>
        <Outlet />
      </main>
    </div>
  );
}

function Brand() {
  const { t } = useI18n();
  return (
    <Link to="/" className="brand" aria-label={`${t("shell.product")} · ${t("shell.home")}`}>
      <img src="/favicon.svg" alt="" width="24" height="24" />
      <span>{t("shell.product")}</span>
    </Link>
  );
}

function Frame() {
  const { t } = useI18n();
  const { pathname } = useLocation();
  const [openedAt, setOpenedAt] = useState<string | null>(null);
  const open = openedAt === pathname;
  useHotkeys({ Escape: () => setOpenedAt(null) }, open);
  return (
    <div className="shell" data-menu={open ? "open" : "closed"} data-testid="console">
      <a className="skip-link" href="#page">
        {t("shell.skip")}
      </a>
      <header className="topbar">
        <Button
          className="menu-button"
          type="text"
          icon={open ? <MenuFoldOutlined /> : <MenuOutlined />}
          aria-label={open ? t("shell.closeMenu") : t("shell.openMenu")}
          aria-expanded={open}
          onClick={() => setOpenedAt(open ? null : pathname)}
          data-testid="menu-button"
        />
        <Brand />
        <DeskChooser />
        <span className="topbar-space" />
        <LanguageSwitch />
        <ThemeMenu />
        <AccountMenu />
      </header>
      <SideMenu />
      {open && <button type="button" className="menu-veil" aria-label={t("shell.closeMenu")} onClick={() => setOpenedAt(null)} />}
      <main id="page" className="page" tabIndex={-1}>
        <Outlet />
      </main>
    </div>
  );
}

function SideMenu() {
  const { t } = useI18n();
  const { may } = useMe();
  const lines = MENU.filter((line) => line.may === undefined || may(line.may));
  const counts = useWorklistCounts(lines.some((line) => line.count !== undefined));
  return (
    <nav className="side" aria-label={t("shell.menu")}>
      {SECTIONS.map((section) => {
        const ofSection = lines.filter((line) => line.section === section);
        if (ofSection.length === 0) return null;
        const heading = ofSection.length > 1;
        return (
          <div key={section} className="side-section">
            {heading && <h2>{t(`shell.section_${section}`)}</h2>}
            <ul>
              {ofSection.map((line) => (
                <SideLine key={line.to} line={line} count={line.count && counts?.[line.count]} />
              ))}
            </ul>
          </div>
        );
      })}
    </nav>
  );
}

function SideLine({ line, count }: { line: MenuLine; count: number | undefined }) {
  const { t } = useI18n();
  return (
    <li>
      <Link to={line.to} className="side-line" activeProps={{ className: "side-line active", "aria-current": "page" }} data-testid={`menu-${line.to}`}>
        <span className="side-icon" aria-hidden="true">
          {line.icon}
        </span>
        <span className="side-label">{t(line.label as "shell.imports")}</span>
        {count !== undefined && count > 0 && (
          <>
            <Badge count={count} overflowCount={999} color="var(--count-bg)" className="side-count" aria-hidden="true" />
            <span className="unseen">{t("shell.waiting", { n: count })}</span>
          </>
        )}
      </Link>
    </li>
  );
}

/** How long the desk's work lists are; asked for when a line of the menu shows it. */
function useWorklistCounts(wanted: boolean) {
  const desk = useDeskOrNull();
  const { data } = useQuery({
    queryKey: ["worklists", desk, "counts"],
    queryFn: ({ signal }) => need(api.GET("/v1/worklists", { params: { query: { desk: desk ?? "" } }, signal })),
    enabled: wanted && desk !== null,
    staleTime: 60_000,
  });
  return data;
}
