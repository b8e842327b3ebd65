//! The knowledge of the simulated desk: questions with four different answers each, all plausible. Each answer is an entry of its own.
//!
//! Invented for this purpose. Answers to one question are about as long, hold no figures and nothing personal, and differ in what they say,
//! so that grouping leaves them apart and relevance alone has little to choose by.

/// Answers to each question.
pub const ANSWERS: usize = 4;

/// One question of the desk.
pub struct Scene {
    /// Ways of asking. The entries hold the first [`KNOWN_WORDINGS`]; live customers use all of them.
    pub questions: [&'static str; WORDINGS],
    /// What may be answered.
    pub answers: [&'static str; ANSWERS],
}

/// Ways of asking each question.
pub const WORDINGS: usize = 3;

/// Those of them that the entries hold.
pub const KNOWN_WORDINGS: usize = 2;

/// All questions.
pub const SCENES: [Scene; 10] = [
    Scene {
        questions: ["积分怎么兑换礼品？", "积分可以换什么礼物，怎么换", "想用积分换礼品怎么操作"],
        answers: [
            "在会员中心打开积分商城，选好礼品点立即兑换就可以。",
            "请到线下门店出示会员码，由店员帮您挑选并兑换礼品。",
            "积分会在下单结算时自动抵扣，目前不能单独换成礼品。",
            "礼品兑换活动每季度开放，开放时会用短信通知到会员。",
        ],
    },
    Scene {
        questions: ["杯子收到的时候碎了怎么办？", "快递送来的杯子摔碎了，怎么处理", "打开包裹发现杯子是碎的"],
        answers: [
            "请拍下碎杯和外箱的照片发给我们，核实后马上给您补发。",
            "您可以在订单里申请退款，碎杯不用寄回，退款原路返回。",
            "请先联系派件的快递员登记破损，由快递公司赔付给您。",
            "麻烦把包裹原样带到附近门店，同事检查后当场更换新杯。",
        ],
    },
    Scene {
        questions: ["电子发票怎么申请？", "我要开电子发票，在哪里弄", "请问发票从哪里开"],
        answers: [
            "打开订单详情页点申请发票，填好抬头和税号提交即可。",
            "请把公司抬头和税号发在这里，由财务同事替您开出来。",
            "发票会随包裹一起寄出，请在箱内的信封里找一找。",
            "请关注我们的公众号，在菜单的发票助手里自助开具。",
        ],
    },
    Scene {
        questions: ["衣服洗了会缩水吗？", "这件毛衣水洗会不会缩", "毛衣洗过之后缩水怎么避免"],
        answers: [
            "面料做过预缩处理，用冷水手洗并且平铺晾干不会变形。",
            "羊毛遇热水会缩，建议送去干洗店，不要放进洗衣机。",
            "轻微缩水是正常现象，用蒸汽熨斗慢慢拉伸就能恢复。",
            "可以装进洗衣袋用羊毛模式机洗，千万不要烘干就好。",
        ],
    },
    Scene {
        questions: ["周末可以预约上门安装吗？", "周六周日有师傅上门安装吗", "想约周末来装，可以吗"],
        answers: [
            "可以的，在预约页面选择周末的时段，师傅会提前联系您。",
            "周末师傅休息，只能安排工作日上门，晚上时段也可以选。",
            "周末上门需要加收服务费，确认之后我这边马上给您登记。",
            "请直接拨打安装师傅的电话商量，他会按自己的行程安排。",
        ],
    },
    Scene {
        questions: ["耳机连不上手机蓝牙怎么办？", "蓝牙耳机搜不到，连接不了", "手机找不到这副耳机"],
        answers: [
            "请长按耳机按键直到指示灯快闪，再到手机蓝牙里重新配对。",
            "先在手机里忽略这个设备，重启手机之后再搜索一次耳机。",
            "把耳机放回充电盒盖上片刻再打开，一般就会自动连上。",
            "可能是固件版本太旧，请用官方应用升级耳机后再来连接。",
        ],
    },
    Scene {
        questions: [
            "How do I change my delivery address?",
            "Can I change the address of my order?",
            "My order goes to the wrong address, can I change it?",
        ],
        answers: [
            "Open the order in your account, choose Edit delivery and enter the new address there.",
            "Please tell us the new address in this chat and a colleague will update the order.",
            "The address is fixed once you have paid; cancel the order and place it again, please.",
            "Ask the courier through the link in the shipping mail, they can redirect the parcel.",
        ],
    },
    Scene {
        questions: ["How do I cancel my subscription?", "I want to stop my subscription", "Where can I end my plan?"],
        answers: [
            "Go to Billing in your settings and press Cancel plan, it ends with the current period.",
            "Reply with the word cancel and we end the subscription for you right away.",
            "Subscriptions from the app store are cancelled there, under your store account.",
            "You can pause the plan instead of ending it, the switch is on the profile page.",
        ],
    },
    Scene {
        questions: ["Why was my card declined?", "My card payment did not go through", "The payment with my card fails, why?"],
        answers: [
            "Your bank asks for a confirmation in its app, please approve it and pay once more.",
            "Check that the billing address matches the one your bank has on file for the card.",
            "We cannot take cards from every country yet, please choose another way to pay.",
            "The card has probably expired, add a new one under payment methods and try again.",
        ],
    },
    Scene {
        questions: ["Do you ship to islands?", "Can you deliver to an island?", "I live on an island, will you ship there?"],
        answers: [
            "Yes, parcels to islands go by ferry and need some more days than on the mainland.",
            "We deliver to the harbour office, from where you can collect the parcel yourself.",
            "Islands are outside our delivery area, a friend on the mainland could receive it.",
            "Choose the postal service at checkout, it is the only carrier that serves islands.",
        ],
    },
];
