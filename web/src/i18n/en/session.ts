export const session = {
  title: "Sign in",
  lead: "Replies and frequent questions from your own archive.",
  name: "Name",
  password: "Password",
  submit: "Sign in",
  nameMissing: "Enter your account's name",
  passwordMissing: "Enter your password",
  firstTime: "No account yet? An administrator makes them under Settings › Accounts, or on the server with `riposte user add`.",
  ended: "Your session has ended. Sign in to go on where you were.",
  offline: "Nothing leaves your machine: no sentence is sent elsewhere.",
} as const;
