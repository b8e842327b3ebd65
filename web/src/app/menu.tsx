// The side menu: one line a page. A feature adds its line here and its routes in router.ts.

import {
  ApiOutlined,
  CloudUploadOutlined,
  ControlOutlined,
  ExperimentOutlined,
  IdcardOutlined,
  KeyOutlined,
  MessageOutlined,
  SettingOutlined,
  TeamOutlined,
} from "@ant-design/icons";
import type { LinkProps } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Action, Schemas } from "../api";
import type { Key } from "../i18n";

/** In the order of the menu. */
export const SECTIONS = ["desk", "curation", "knowledge", "worklists", "imports", "overview", "lab", "people", "api"] as const;
export type Section = (typeof SECTIONS)[number];

export interface MenuLine {
  section: Section;
  to: NonNullable<LinkProps["to"]>;
  label: Key;
  icon: ReactNode;
  /** Who may not do this does not see the line. */
  may?: Action;
  /** The list whose length stands beside the line. */
  count?: keyof Schemas["WorklistCounts"];
}

export const MENU: MenuLine[] = [
  { section: "desk", to: "/desk", label: "desk.title", icon: <MessageOutlined />, may: "Converse" },
  { section: "imports", to: "/imports", label: "shell.imports", icon: <CloudUploadOutlined />, may: "ReadJobs" },
  { section: "lab", to: "/lab", label: "lab.title", icon: <ExperimentOutlined />, may: "Explain" },
  { section: "people", to: "/controls", label: "shell.people_controls", icon: <ControlOutlined />, may: "ReadControls" },
  { section: "people", to: "/desk-settings", label: "shell.people_desk", icon: <SettingOutlined />, may: "ReadDesks" },
  { section: "people", to: "/accounts", label: "shell.people_accounts", icon: <TeamOutlined />, may: "ManageAccess" },
  { section: "people", to: "/keys", label: "shell.people_keys", icon: <KeyOutlined />, may: "ManageAccess" },
  { section: "people", to: "/profile", label: "shell.people_profile", icon: <IdcardOutlined /> },
  { section: "api", to: "/docs", label: "shell.apidocs", icon: <ApiOutlined /> },
];
