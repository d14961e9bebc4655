export const adapter = {
