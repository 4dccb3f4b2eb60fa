/** What the browser noticed while one viewport's page loaded: plain data, filled by the visit. */
export type PageEvents = {
  console_errors: { text: string; url: string | null; line: number | null }[];
  page_errors: { text: string }[];
  failed_requests: { url: string; resource_type: string; error: string }[];
  /** The first 300 answers of the page's own requests. */
  responses: { url: string; resource_type: string; status: number; mime: string | null }[];
  /** Requests over http that a page served over https made, blocked, upgraded or let through. */
  mixed_content: { url: string; resource_type: string }[];
};
