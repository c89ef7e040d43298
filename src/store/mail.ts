export interface MailStore {}
