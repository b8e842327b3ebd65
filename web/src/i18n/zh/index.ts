// 全部中文文字，每个功能一个文件。键与英文（../en）一一对应，缺少时无法通过编译。

import type { Translation } from "../types";
import { apidocs } from "./apidocs";
import { common } from "./common";
import { imports } from "./imports";
import { people } from "./people";
import { problem } from "./problem";
import { session } from "./session";
import { shell } from "./shell";

export const zh: Translation = { apidocs, common, imports, people, problem, session, shell };
