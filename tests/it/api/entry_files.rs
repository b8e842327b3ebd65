//! Knowledge as files through the API: reports, dry runs, and a round trip from one desk to another.

use riposte::domain::AccessRole;
use serde_json::{Value, json};

use crate::support::client::{list, text};
use crate::support::with_app;

const CSV: &str = "id,questions,answer,tags,owner\n\
                   return,\"怎么退货\n可以退吗\",\"签收后 7 天内可退，\"\"吊牌\"\"保留。\",\"退货, 售后\",'=owner\n\
                   ,没有编号的问题,x,,\n\
                   phone,电话多少,'+86 400,,\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_imported_with_a_report_and_comes_out_as_it_went_in() {
    with_app(async |app| {
        let admin = app.admin().await;
        for desk in ["shop", "copy"] {
            admin.post("/v1/desks", &json!({"id": desk})).await.expect(201);
        }
        let editor = app.key(AccessRole::KbEditor, &["shop", "copy"]).await;
        let import = async |desk: &str, format: &str, bytes: &[u8], more: &str| {
            let path = format!("/v1/entries/import?desk={desk}&format={format}{more}");
            editor.send("POST", &path, Some("application/octet-stream"), bytes.to_vec()).await
        };
        let counts = |report: &Value| ["new", "changed", "unchanged"].map(|key| report[key].as_u64().unwrap());

        let dry = import("shop", "csv", CSV.as_bytes(), "&dry_run=true").await.ok();
        assert_eq!((counts(&dry), dry["dry_run"].as_bool()), ([2, 0, 0], Some(true)));
        let rejected = &dry["rejected"][0];
        assert_eq!((rejected["line"].as_u64(), text(&rejected["field"])), (Some(4), "id"), "{dry}");
        assert!(!text(&rejected["reason"]).is_empty() && !text(&rejected["remedy"]).is_empty());
        assert_eq!(editor.get("/v1/entries?desk=shop").await.ok()["items"], json!([]), "nothing is written");

        let report = import("shop", "csv", CSV.as_bytes(), "").await.ok();
        assert_eq!((counts(&report), report["indexed"].as_bool()), ([2, 0, 0], Some(true)));
        assert_eq!(counts(&import("shop", "csv", CSV.as_bytes(), "").await.ok()), [0, 0, 2]);
        let phone = editor.get("/v1/entries?desk=shop&q=400").await.ok();
        assert_eq!(phone["items"][0]["answer"], "+86 400", "the guard against formulas is off");
        assert_eq!(editor.get("/v1/entries?desk=shop&owner=%3Downer").await.ok()["items"][0]["tags"], json!(["退货", "售后"]));
        let changed = CSV.replace("7 天", "15 天");
        let report = import("shop", "csv", changed.as_bytes(), "").await.ok();
        assert_eq!(counts(&report), [0, 1, 1]);
        let versions = format!("/v1/entries/{}/versions?desk=shop", text(&report["items"][0]["id"]));
        assert_eq!(editor.get(&versions).await.ok()["items"][1]["answer"], "签收后 7 天内可退，\"吊牌\"保留。");

        // Through every format to another desk: the same content there.
        let contents = async |desk: &str| {
            let mut items = list(&editor.get(&format!("/v1/entries?desk={desk}")).await.ok()["items"]).to_vec();
            items.sort_by_key(|item| text(&item["external_id"]).to_owned());
            for item in &mut items {
                let item = item.as_object_mut().unwrap();
                for key in ["id", "desk", "version", "created_at", "updated_at", "created_by", "updated_by"] {
                    item.remove(key);
                }
            }
            items
        };
        let mut first = true;
        for format in ["csv", "xlsx", "jsonl"] {
            let file = editor.get(&format!("/v1/entries/export?desk=shop&format={format}")).await;
            assert_eq!(file.status, 200);
            assert!(file.headers["content-disposition"].to_str().unwrap().ends_with(&format!("knowledge-shop.{format}\"")));
            if format == "csv" {
                assert!(file.text.contains("\"'+86 400\""), "{}", file.text);
            }
            let report = import("copy", format, &file.bytes, "").await.ok();
            assert_eq!(counts(&report), if first { [2, 0, 0] } else { [0, 0, 2] }, "{format}: {report}");
            assert_eq!(report["rejected"], json!([]));
            assert_eq!(contents("copy").await, contents("shop").await);
            first = false;
        }
        editor.get("/v1/entries/export?desk=shop&format=md").await.refused(422, "unreadable_file");
        import("shop", "xlsx", CSV.as_bytes(), "").await.refused(422, "unreadable_file");
        import("shop", "csv", b"a,b\n1,2\n", "").await.refused(422, "unreadable_file");

        // An import names what the base has already.
        let again = "id,questions,answer\nsame,怎么退货？,七天内可退。\n";
        let report = import("shop", "csv", again.as_bytes(), "&dry_run=true").await.ok();
        assert_eq!(report["items"][0]["near_duplicates"][0]["external_id"], "return", "{report}");
        assert_eq!(app.uploads(), 0);
    })
    .await;
}
