// Preloaded, it swallows the handlers of fork: a control of what Tests/CFace/fork.c finds.
int __register_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void), void *library) {
    (void)prepare, (void)parent, (void)child, (void)library;
    return 0;
}
