import type { AxiosResponse } from 'axios';
export const status = (answer: AxiosResponse): number => answer.status;
