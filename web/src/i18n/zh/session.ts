export const session = {
  title: "登录",
  lead: "答案来自您自己的会话存档",
  name: "用户名",
  password: "密码",
  submit: "登录",
  nameMissing: "请输入用户名",
  passwordMissing: "请输入密码",
  firstTime: "还没有账号？请联系管理员添加。",
  ended: "登录已失效，重新登录后会回到刚才的页面。",
  offline: "数据不出本机，不会发送到别处。",
} as const;
