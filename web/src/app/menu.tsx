// The side menu: one line a page. A feature adds its line here and its routes in router.ts.

import {
  ApiOutlined,
  BarChartOutlined,
  BlockOutlined,
  BookOutlined,
  ClockCircleOutlined,
  CloudUploadOutlined,
  ControlOutlined,
  DislikeOutlined,
  ExperimentOutlined,
  FileSearchOutlined,
  FundOutlined,
  IdcardOutlined,
  InteractionOutlined,
  KeyOutlined,
  MessageOutlined,
  SettingOutlined,
  ShrinkOutlined,
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
  { section: "curation", to: "/clusters", label: "shell.section_curation", icon: <BlockOutlined />, may: "ReadClusters" },
  { section: "knowledge", to: "/knowledge", label: "knowledge.title", icon: <BookOutlined />, may: "ReadEntries" },
  { section: "worklists", to: "/worklists/gaps", label: "worklists.gaps", icon: <FileSearchOutlined />, may: "ReadClusters", count: "gaps" },
  { section: "worklists", to: "/worklists/conflicts", label: "worklists.conflicts", icon: <InteractionOutlined />, may: "ReadClusters", count: "conflicts" },
  { section: "worklists", to: "/worklists/stale", label: "worklists.stale", icon: <ClockCircleOutlined />, may: "ReadClusters", count: "stale" },
  { section: "worklists", to: "/worklists/thin", label: "worklists.thin", icon: <ShrinkOutlined />, may: "ReadClusters", count: "thin" },
  { section: "worklists", to: "/worklists/rejected", label: "worklists.rejected", icon: <DislikeOutlined />, may: "ReadClusters", count: "rejected" },
  { section: "imports", to: "/imports", label: "shell.imports", icon: <CloudUploadOutlined />, may: "ReadJobs" },
  { section: "overview", to: "/overview", label: "shell.overview", icon: <BarChartOutlined />, may: "ReadReports" },
  { section: "lab", to: "/lab", label: "lab.title", icon: <ExperimentOutlined />, may: "Explain" },
  { section: "lab", to: "/evaluations", label: "evaluations.title", icon: <FundOutlined />, may: "ReadReports" },
  { section: "people", to: "/controls", label: "shell.people_controls", icon: <ControlOutlined />, may: "ReadControls" },
  { section: "people", to: "/desk-settings", label: "shell.people_desk", icon: <SettingOutlined />, may: "ReadDesks" },
  { section: "people", to: "/accounts", label: "shell.people_accounts", icon: <TeamOutlined />, may: "ManageAccess" },
  { section: "people", to: "/keys", label: "shell.people_keys", icon: <KeyOutlined />, may: "ManageAccess" },
  { section: "people", to: "/profile", label: "shell.people_profile", icon: <IdcardOutlined /> },
  { section: "api", to: "/docs", label: "shell.apidocs", icon: <ApiOutlined /> },
];
