/** The wallet's pages and the payment page, as the bank serves them to its customers. */
import { fileURLToPath } from "node:url";
import { pageRoutes as routesOf } from "../node/service/page-routes.ts";
import type { Route } from "../node/service/route.ts";

/** Where `npm run build` leaves them. */
export const BUILT_PAGES = fileURLToPath(new URL("../device/web/dist", import.meta.url));
const BUILT_PAYMENT_PAGE = fileURLToPath(new URL("./web/dist", import.meta.url));

/** Where the payment page is, under the customers' address. */
export const PAYMENT_PATH = "/pay/";

/** @param folder of the built pages. A wallet keeps its money under the origin and the path. */
export async function pageRoutes(folder: string): Promise<Route[]> {
  return await routesOf({
    folder,
    path: "/wallet/",
    name: "the wallet",
    permissions: "camera=(self), microphone=(), geolocation=()",
  });
}

export async function paymentPageRoutes(): Promise<Route[]> {
  return await routesOf({
    folder: BUILT_PAYMENT_PAGE,
    path: PAYMENT_PATH,
    name: "the payment page",
    permissions: "camera=(), microphone=(), geolocation=()",
  });
}
