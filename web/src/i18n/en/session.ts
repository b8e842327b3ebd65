export const session = {
  title: "Sign in",
  lead: "Replies from your own archive",
  name: "Name",
  password: "Password",
  submit: "Sign in",
  nameMissing: "Enter your account's name",
  passwordMissing: "Enter your password",
  firstTime: "No account yet? Ask an administrator to add one.",
  ended: "Your session has ended. Sign in to go on where you were.",
  offline: "Nothing leaves your own machine.",
} as const;
