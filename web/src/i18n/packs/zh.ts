import components from "antd/es/locale/zh_CN";
import "dayjs/locale/zh-cn";
import { zh } from "../zh";
import { faults } from "../zh/faults";

export { components, faults };
export const words = zh;
