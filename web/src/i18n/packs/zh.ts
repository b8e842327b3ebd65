import components from "antd/es/locale/zh_CN";
import "dayjs/locale/zh-cn";
import { zh } from "../zh";

export { components };
export const words = zh;
