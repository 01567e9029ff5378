declare module 'virtual:examples' {
  const examples: import('../build/examples.ts').Example[];
  export default examples;
}
declare module 'virtual:rules' {
  const rules: Record<string, import('../build/rules.ts').RuleText>;
  export default rules;
}
declare module 'virtual:module' {
  const packed: string;
  export default packed;
}
