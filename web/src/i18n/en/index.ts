// Every English text, a file per feature. Chinese has the same files (../zh); a key that one of them lacks does not compile.

import { apidocs } from "./apidocs";
import { common } from "./common";
import { imports } from "./imports";
import { people } from "./people";
import { problem } from "./problem";
import { session } from "./session";
import { shell } from "./shell";

export const en = { apidocs, common, imports, people, problem, session, shell };
