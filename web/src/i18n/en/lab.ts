export const lab = { title: "Try it" } as const;
