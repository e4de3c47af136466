import { type Call, compose, demo, entry, fallback, type Middleware, plan, registry, retry, send } from "headgate";

const providers = registry({}, [demo()]);

/** A middleware of your own: what it gives, later ones may need; the compiler checks the order. */
const greet: Middleware<unknown, { readonly greeting: string }> = async (
  call: Call,
  next: Parameters<typeof greet>[1],
) => {
  const answer = await next({ ...call, greeting: "hello" } as never);
  answer.headers.set("x-greeting", "hello");
  return answer;
};

export default entry(
  compose(greet).use(plan({ providers })).use(fallback()).use(retry()).to(send()),
  { providers },
);
