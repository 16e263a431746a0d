import { default as http } from 'axios';
export const Load = () => { http.get('/x'); return <p>loading</p>; };
