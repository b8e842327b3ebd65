// What the keyboard can do here.

import { QuestionCircleOutlined } from "@ant-design/icons";
import { Button, Popover } from "antd";
import { Keys } from "../../components";
import { useI18n, type Key } from "../../i18n";

const LIST = [
  ["j", "curation.key_down"],
  ["k", "curation.key_up"],
  ["Enter", "curation.key_open"],
  ["x", "curation.key_tick"],
  ["/", "curation.key_search"],
  ["a", "curation.approve"],
  ["s", "curation.snooze"],
  ["d", "curation.dismiss"],
  ["m", "curation.merge"],
] as const satisfies [string, Key][];

const CLUSTER = [
  ["j", "curation.key_nextQuestion"],
  ["k", "curation.key_previousQuestion"],
  ["x", "curation.key_tick"],
  ["p", "curation.promote"],
  ["a", "curation.approve"],
  ["s", "curation.snooze"],
  ["d", "curation.dismiss"],
  ["m", "curation.merge"],
  ["e", "curation.rename"],
  ["u", "curation.key_back"],
] as const satisfies [string, Key][];

export function Shortcuts({ page }: { page: "list" | "cluster" }) {
  const { t } = useI18n();
  return (
    <Popover
      trigger="click"
      placement="bottomRight"
      title={t("curation.keys")}
      content={
        <dl className="shortcuts">
          {(page === "list" ? LIST : CLUSTER).map(([key, label]) => (
            <div key={key}>
              <dt>
                <Keys of={[key]} />
              </dt>
              <dd>{t(label)}</dd>
            </div>
          ))}
        </dl>
      }
    >
      <Button type="text" icon={<QuestionCircleOutlined />} data-testid="shortcuts">
        {t("curation.keys")}
      </Button>
    </Popover>
  );
}
