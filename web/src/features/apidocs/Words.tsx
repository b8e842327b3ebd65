import { Markdown } from "../../components/Markdown";

/** What the API's description says, in English whatever the page's language is. */
export function Words({ text, headingFrom }: { text: string; headingFrom?: number }) {
  return (
    <div lang="en">
      <Markdown text={text} breaks={false} {...(headingFrom === undefined ? {} : { headingFrom })} />
    </div>
  );
}
