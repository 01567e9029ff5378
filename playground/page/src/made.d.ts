declare module 'virtual:packed' {
  const packed: string;
  export default packed;
}
