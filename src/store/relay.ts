export interface RelayStore {}
