export const session = {
  title: "登录",
  lead: "从您自己的会话存档中获得回复建议与高频问题。",
  name: "用户名",
  password: "密码",
  submit: "登录",
  nameMissing: "请输入用户名",
  passwordMissing: "请输入密码",
  firstTime: "还没有账号？管理员可以在“设置 › 账号”里创建，或在服务器上运行 `riposte user add`。",
  ended: "登录已失效，重新登录后会回到刚才的页面。",
  offline: "数据不出本机：任何一句话都不会发送到别处。",
} as const;
