/** Gives every tenant the credits of its plan for a new calendar month; a Schedule starts it. */
export const OPEN_MONTH = 'openMonth';
export const OPEN_MONTH_QUEUE = 'workflows';

export type OpenMonthResult = { month: string; tenants: number; opened: number };
