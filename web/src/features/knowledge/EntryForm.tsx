// The fields of an entry. Used for new ones and for those that are there.

import { Collapse, DatePicker, Form, Input, Select, type FormInstance } from "antd";
import dayjs from "dayjs";
import { askedIn, QuestionsField } from "../../components";
import { AnswerField } from "../../components/AnswerField";
import { useI18n } from "../../i18n";
import type { Fields } from "./fields";
import { LANGUAGES } from "./routes";

interface Props {
  form: FormInstance<Fields>;
  initial: Fields;
  disabled: boolean;
  isNew: boolean;
  /** Only a draft or a retired entry may lack its answer. */
  answerNeeded: boolean;
  onChange: (fields: Fields) => void;
}

const MIDNIGHT = dayjs().startOf("day");

export function EntryForm({ form, initial, disabled, isNew, answerNeeded, onChange }: Props) {
  const { t } = useI18n();
  return (
    <Form<Fields> form={form} layout="vertical" initialValues={initial} disabled={disabled} requiredMark={false} onValuesChange={(_changed, all) => onChange({ ...initial, ...all })} data-testid="entry-form">
      <section className="panel">
        <Form.Item
          name="questions"
          label={t("editing.questions")}
          extra={t("knowledge.questionsHow")}
          rules={[{ validator: (_rule, value: string[]) => (askedIn(value).length > 0 ? Promise.resolve() : Promise.reject(new Error(t("knowledge.needsQuestion")))) }]}
        >
          <QuestionsField disabled={disabled} />
        </Form.Item>
        <Form.Item name="answer" label={t("knowledge.answer")} rules={answerNeeded ? [{ required: true, whitespace: true, message: t("knowledge.needsAnswer") }] : []}>
          <AnswerField disabled={disabled} />
        </Form.Item>
        <div className="form-row">
          <Form.Item name="language" label={t("knowledge.answerLanguage")}>
            <Select
              aria-label={t("knowledge.answerLanguage")}
              options={[...(isNew ? [{ value: "auto", label: t("knowledge.languageAuto") }] : []), ...LANGUAGES.map((language) => ({ value: language, label: t(`common.${language}`) }))]}
              data-testid="entry-language"
            />
          </Form.Item>
          <Form.Item name="tags" label={t("knowledge.tags")}>
            <Select mode="tags" open={false} suffix={null} tokenSeparators={[",", "，", ";", "；"]} placeholder={t("knowledge.tagsHow")} maxCount={100} data-testid="entry-tags" />
          </Form.Item>
          <Form.Item name="owner" label={t("knowledge.owner")}>
            <Input maxLength={200} data-testid="entry-owner" />
          </Form.Item>
        </div>
        <div className="form-row">
          <Form.Item name="from" label={t("knowledge.validFrom")}>
            <DatePicker showTime={{ format: "HH:mm", defaultOpenValue: MIDNIGHT }} format="YYYY-MM-DD HH:mm" placeholder={t("knowledge.noLimit")} data-testid="valid-from" />
          </Form.Item>
          <Form.Item
            name="to"
            label={t("knowledge.validTo")}
            dependencies={["from"]}
            rules={[
              ({ getFieldValue }) => ({
                validator: (_rule, to: Fields["to"]) => {
                  const from = getFieldValue("from") as Fields["from"];
                  return to && from && !to.isAfter(from) ? Promise.reject(new Error(t("knowledge.validOrder"))) : Promise.resolve();
                },
              }),
            ]}
          >
            <DatePicker showTime={{ format: "HH:mm", defaultOpenValue: MIDNIGHT }} format="YYYY-MM-DD HH:mm" placeholder={t("knowledge.noLimit")} data-testid="valid-to" />
          </Form.Item>
          <Form.Item name="note" label={t("knowledge.note")}>
            <Input maxLength={500} placeholder={t("knowledge.noteExample")} data-testid="entry-note" />
          </Form.Item>
        </div>
        {isNew && (
          <Collapse
            ghost
            size="small"
            items={[
              {
                key: "id",
                label: t("knowledge.ownId"),
                children: (
                  <Form.Item name="externalId" label={t("knowledge.externalId")} extra={t("knowledge.externalIdHow")}>
                    <Input maxLength={200} />
                  </Form.Item>
                ),
              },
            ]}
          />
        )}
      </section>
    </Form>
  );
}
