// Every English text, a file per feature. Chinese has the same files (../zh); a key that one of them lacks does not compile.

import { apidocs } from "./apidocs";
import { common } from "./common";
import { curation } from "./curation";
import { desk } from "./desk";
import { editing } from "./editing";
import { evaluations } from "./evaluations";
import { imports } from "./imports";
import { knowledge } from "./knowledge";
import { lab } from "./lab";
import { overview } from "./overview";
import { people } from "./people";
import { problem } from "./problem";
import { session } from "./session";
import { shell } from "./shell";
import { worklists } from "./worklists";

export const en = { apidocs, common, curation, desk, editing, evaluations, imports, knowledge, lab, overview, people, problem, session, shell, worklists };
