// A valgrind tool that counts what operations cost a coherent machine: instructions, locked instructions, fences, system
// calls, and the cache lines that cores take from each other. Time is not counted, and not known.
//
// The traced program says which thread acts as which core of which node, and when: see CCoherence.h. One thread at a time
// may be inside such a span; valgrind runs one thread at a time anyway. What the function that begins a span calls is
// counted until the span ends, and not that function itself: its stack pointer tells the two apart.
//
// Lines are kept as by MESI, in caches that never evict. A line is with
//
//     nobody               the first access takes it from memory, alone (E or M), which is not counted: whether a frame of the
//                          stack lies in a line that was used before hangs on code that has nothing to do with it
//     an owner (E or M)    accesses of the owner are free; a load of another core takes it and both share it;
//                          a store of another core takes it, and the owner has it no more
//     several (S)          loads of those are free; a load of another one takes it from the nearest; a store, also of one of
//                          those, makes all others give it up
//
// Each taking counts once: from_core where all cores concerned are of the taker's node, from_node where one is not; of
// several sharers a load takes the nearest, a store has to wait for the farthest.
//
// The program's clocks are the instructions counted so far, a nanosecond each, and a microsecond for each look at them:
// what a guard decides by time it decides alike in each run. Blocks of the heap begin with a line and own it.
#include "pub_tool_basics.h"
#include "pub_tool_hashtable.h"
#include "pub_tool_libcassert.h"
#include "pub_tool_libcbase.h"
#include "pub_tool_libcprint.h"
#include "pub_tool_machine.h"
#include "pub_tool_mallocfree.h"
#include "pub_tool_replacemalloc.h"
#include "pub_tool_threadstate.h"
#include "pub_tool_tooliface.h"
#include "pub_tool_vki.h"
#include "pub_tool_vkiscnums.h"
#include "libvex_guest_amd64.h"

#include <stddef.h>

#include "CCoherence.h"

#define LINE_BYTES 64

// MARK: What is counted

// The counts of an instruction in a kind of operation. The key is both.
typedef struct {
    VgHashNode node;
    struct coherence_record record;
} Counted;

// A line: who has it. `owner` is -1 where it is shared or nobody's.
typedef struct {
    VgHashNode node;
    Int owner;
    ULong sharers[COHERENCE_CORES / 64];
} Line;

static VgHashTable *counts;
static VgHashTable *lines;
// The thread inside a span, or VG_INVALID_THREADID, and as what it acts.
static ThreadId counted_thread;
// The stack pointer where the span began, and whether the present instruction is counted.
static Addr span_stack;
static Bool is_counted;
static UInt core, node, kind;
static UChar node_of_core[COHERENCE_CORES];
static ULong virtual_nanoseconds;

static struct coherence_record *counts_at(Addr address) {
    UWord key = (UWord)address * 4 + kind;
    Counted *found = VG_(HT_lookup)(counts, key);
    if (found == NULL) {
        found = VG_(calloc)("coherence.counts", 1, sizeof *found);
        found->node.key = key;
        found->record.address = address;
        found->record.kind = kind;
        VG_(HT_add_node)(counts, found);
    }
    return &found->record;
}

static Line *line_at(UWord number) {
    Line *found = VG_(HT_lookup)(lines, number);
    if (found == NULL) {
        found = VG_(calloc)("coherence.lines", 1, sizeof *found);
        found->node.key = number;
        found->owner = -1;
        VG_(HT_add_node)(lines, found);
    }
    return found;
}

// Whether other cores have the line: none (0), all that matter are of this node (1), or not (2).
static Int others(const Line *line, Bool wants_farthest) {
    Bool near = False, far = False;
    for (UInt word = 0; word < COHERENCE_CORES / 64; word++) {
        for (ULong rest = line->sharers[word]; rest != 0; rest &= rest - 1) {
            UInt other = word * 64 + (UInt)__builtin_ctzll(rest);
            if (other == core) continue;
            if (node_of_core[other] == node) near = True;
            else far = True;
        }
    }
    if (!near && !far) return 0;
    return wants_farthest ? (far ? 2 : 1) : (near ? 1 : 2);
}

static void access_line(struct coherence_record *record, UWord number, Bool is_store) {
    Line *line = line_at(number);
    ULong bit = 1ULL << (core % 64);
    if (line->owner == (Int)core) return;
    if (!is_store && (line->sharers[core / 64] & bit) != 0) return;
    Int whose = others(line, is_store);
    if (whose == 1) record->from_core++;
    if (whose == 2) record->from_node++;
    if (is_store || whose == 0) {
        VG_(memset)(line->sharers, 0, sizeof line->sharers);
        line->owner = (Int)core;
    } else {
        line->owner = -1;
    }
    line->sharers[core / 64] |= bit;
}

static void access_bytes(struct coherence_record *record, Addr start, UWord bytes, Bool is_store) {
    for (UWord number = start / LINE_BYTES; number <= (start + bytes - 1) / LINE_BYTES; number++)
        access_line(record, number, is_store);
}

// MARK: What instrumented code calls

static VG_REGPARM(1) void on_instruction(Addr address) {
    ThreadId thread = VG_(get_running_tid)();
    is_counted = thread == counted_thread && VG_(get_SP)(thread) < span_stack;
    if (!is_counted) return;
    counts_at(address)->instructions++;
    virtual_nanoseconds++;
}

static VG_REGPARM(3) void on_load(Addr address, Addr start, UWord bytes) {
    if (is_counted) access_bytes(counts_at(address), start, bytes, False);
}

static VG_REGPARM(3) void on_store(Addr address, Addr start, UWord bytes) {
    if (is_counted) access_bytes(counts_at(address), start, bytes, True);
}

static VG_REGPARM(3) void on_locked(Addr address, Addr start, UWord bytes) {
    if (!is_counted) return;
    struct coherence_record *record = counts_at(address);
    record->locked++;
    access_bytes(record, start, bytes, True);
}

static VG_REGPARM(1) void on_fence(Addr address) {
    if (is_counted) counts_at(address)->fences++;
}

static VG_REGPARM(2) void on_prefetch_for_write(Addr address, Addr start) {
    if (is_counted) access_line(counts_at(address), start / LINE_BYTES, True);
}

// In place of the time stamp counter.
static ULong read_clock(void) { return virtual_nanoseconds += 1000; }

// MARK: Instrumentation

static void call(IRSB *out, const HChar *name, void *function, Int registers, IRExpr **arguments, IRExpr *guard) {
    IRDirty *dirty = unsafeIRDirty_0_N(registers, name, VG_(fnptr_to_fnentry)(function), arguments);
    if (guard != NULL) dirty->guard = guard;
    addStmtToIRSB(out, IRStmt_Dirty(dirty));
}

static void call_access(IRSB *out, const HChar *name, void *function, Addr address, IRExpr *start, UWord bytes,
                        IRExpr *guard) {
    call(out, name, function, 3, mkIRExprVec_3(mkIRExpr_HWord(address), start, mkIRExpr_HWord(bytes)), guard);
}

static UWord bytes_of(IRSB *block, IRExpr *value) {
    return (UWord)sizeofIRType(typeOfIRExpr(block->tyenv, value));
}

// Whether two addresses of one instruction are the same, as far as the code says.
static Bool is_same(IRExpr *one, IRExpr *other) { return one != NULL && other != NULL && eqIRAtom(one, other); }

// The address that the instruction from statement `first` on writes, NULL for none: an instruction that reads and writes a
// word takes its line once, for the store.
static IRExpr *written_by(IRSB *block, Int first, Bool *is_locked) {
    IRExpr *written = NULL;
    *is_locked = False;
    for (Int i = first; i < block->stmts_used && block->stmts[i]->tag != Ist_IMark; i++) {
        IRStmt *statement = block->stmts[i];
        if (statement->tag == Ist_Store) written = statement->Ist.Store.addr;
        if (statement->tag == Ist_CAS) *is_locked = True;
    }
    return written;
}

static IRExpr *assign(IRSB *out, IRExpr *value) {
    IRTemp temporary = newIRTemp(out->tyenv, Ity_I64);
    addStmtToIRSB(out, IRStmt_WrTmp(temporary, value));
    return IRExpr_RdTmp(temporary);
}

// A general register as it is before the present instruction.
static IRExpr *register_value(IRSB *out, UInt number) {
    static const Int offsets[16] = {
        offsetof(VexGuestAMD64State, guest_RAX), offsetof(VexGuestAMD64State, guest_RCX),
        offsetof(VexGuestAMD64State, guest_RDX), offsetof(VexGuestAMD64State, guest_RBX),
        offsetof(VexGuestAMD64State, guest_RSP), offsetof(VexGuestAMD64State, guest_RBP),
        offsetof(VexGuestAMD64State, guest_RSI), offsetof(VexGuestAMD64State, guest_RDI),
        offsetof(VexGuestAMD64State, guest_R8), offsetof(VexGuestAMD64State, guest_R9),
        offsetof(VexGuestAMD64State, guest_R10), offsetof(VexGuestAMD64State, guest_R11),
        offsetof(VexGuestAMD64State, guest_R12), offsetof(VexGuestAMD64State, guest_R13),
        offsetof(VexGuestAMD64State, guest_R14), offsetof(VexGuestAMD64State, guest_R15),
    };
    return assign(out, IRExpr_Get(offsets[number], Ity_I64));
}

static IRExpr *sum(IRSB *out, IRExpr *one, IRExpr *other) { return assign(out, IRExpr_Binop(Iop_Add64, one, other)); }

// The operand's address where the instruction at `address` is a prefetchw (0F 0D /1), else NULL. Valgrind's intermediate
// code has nothing of it; a program that asks for a line to own it, and then reads and writes it, takes it once.
static IRExpr *prefetched_for_write(IRSB *out, Addr address, UInt length) {
    const UChar *code = (const UChar *)address, *end = code + length;
    UInt rex = (*code & 0xF0) == 0x40 ? *code++ : 0;
    if (end - code < 3 || code[0] != 0x0F || code[1] != 0x0D || ((code[2] >> 3) & 7) != 1) return NULL;
    UInt mode = code[2] >> 6, base = code[2] & 7;
    code += 3;
    IRExpr *value;
    Bool is_without_base = False;
    if (base == 4) {
        UInt scaled = *code++;
        UInt index = ((scaled >> 3) & 7) | ((rex & 2) << 2);
        base = scaled & 7;
        is_without_base = base == 5 && mode == 0;
        value = is_without_base ? IRExpr_Const(IRConst_U64(0)) : register_value(out, base | ((rex & 1) << 3));
        if (index != 4) {
            IRExpr *shift = IRExpr_Const(IRConst_U8((UChar)(scaled >> 6)));
            value = sum(out, value, assign(out, IRExpr_Binop(Iop_Shl64, register_value(out, index), shift)));
        }
    } else if (base == 5 && mode == 0) {
        value = IRExpr_Const(IRConst_U64(address + length));
        is_without_base = True;
    } else {
        value = register_value(out, base | ((rex & 1) << 3));
    }
    Long displacement = 0;
    if (mode == 1) displacement = (Char)*code;
    else if (mode == 2 || is_without_base)
        displacement = (Int)(code[0] | (UInt)code[1] << 8 | (UInt)code[2] << 16 | (UInt)code[3] << 24);
    return sum(out, value, IRExpr_Const(IRConst_U64((ULong)displacement)));
}

static IRSB *instrument(VgCallbackClosure *closure, IRSB *block, const VexGuestLayout *layout,
                        const VexGuestExtents *extents, const VexArchInfo *host, IRType guest_word, IRType host_word) {
    (void)closure, (void)layout, (void)extents, (void)host, (void)guest_word, (void)host_word;
    IRSB *out = deepCopyIRSBExceptStmts(block);
    Addr address = 0;
    IRExpr *written = NULL, *prefetched;
    Bool is_locked = False;
    for (Int i = 0; i < block->stmts_used; i++) {
        IRStmt *statement = block->stmts[i];
        switch (statement->tag) {
        case Ist_IMark:
            address = statement->Ist.IMark.addr;
            written = written_by(block, i + 1, &is_locked);
            // Behind the mark, which says where registers are as they were before the instruction.
            addStmtToIRSB(out, statement);
            call(out, "on_instruction", on_instruction, 1, mkIRExprVec_1(mkIRExpr_HWord(address)), NULL);
            prefetched = prefetched_for_write(out, address, statement->Ist.IMark.len);
            if (prefetched != NULL)
                call(out, "on_prefetch_for_write", on_prefetch_for_write, 2,
                     mkIRExprVec_2(mkIRExpr_HWord(address), prefetched), NULL);
            continue;
        case Ist_WrTmp: {
            IRExpr *data = statement->Ist.WrTmp.data;
            // A locked instruction has one operand in memory.
            if (data->tag != Iex_Load || is_locked || is_same(data->Iex.Load.addr, written)) break;
            call_access(out, "on_load", on_load, address, data->Iex.Load.addr, bytes_of(block, data), NULL);
            break;
        }
        case Ist_LoadG: {
            IRLoadG *load = statement->Ist.LoadG.details;
            IRType loaded, widened;
            typeOfIRLoadGOp(load->cvt, &widened, &loaded);
            call_access(out, "on_load", on_load, address, load->addr, (UWord)sizeofIRType(loaded), load->guard);
            break;
        }
        case Ist_Store:
            call_access(out, "on_store", on_store, address, statement->Ist.Store.addr,
                        bytes_of(block, statement->Ist.Store.data), NULL);
            break;
        case Ist_StoreG: {
            IRStoreG *store = statement->Ist.StoreG.details;
            call_access(out, "on_store", on_store, address, store->addr, bytes_of(block, store->data), store->guard);
            break;
        }
        case Ist_CAS: {
            IRCAS *cas = statement->Ist.CAS.details;
            UWord bytes = bytes_of(block, cas->dataLo) * (cas->dataHi == NULL ? 1 : 2);
            call_access(out, "on_locked", on_locked, address, cas->addr, bytes, NULL);
            break;
        }
        case Ist_MBE:
            if (statement->Ist.MBE.event == Imbe_Fence)
                call(out, "on_fence", on_fence, 1, mkIRExprVec_1(mkIRExpr_HWord(address)), NULL);
            break;
        case Ist_Dirty: {
            IRDirty *dirty = statement->Ist.Dirty.details;
            if (VG_(strstr)(dirty->cee->name, "RDTSC") != NULL && dirty->tmp != IRTemp_INVALID) {
                addStmtToIRSB(out, IRStmt_Dirty(unsafeIRDirty_1_N(
                    dirty->tmp, 0, "read_clock", VG_(fnptr_to_fnentry)(read_clock), mkIRExprVec_0())));
                continue;
            }
            if (dirty->mFx == Ifx_Read || dirty->mFx == Ifx_Modify)
                call_access(out, "on_load", on_load, address, dirty->mAddr, (UWord)dirty->mSize, dirty->guard);
            if (dirty->mFx == Ifx_Write || dirty->mFx == Ifx_Modify)
                call_access(out, "on_store", on_store, address, dirty->mAddr, (UWord)dirty->mSize, dirty->guard);
            break;
        }
        default: break;
        }
        addStmtToIRSB(out, statement);
    }
    return out;
}

// MARK: System calls and requests

static void before_system_call(ThreadId thread, UInt number, UWord *arguments, UInt count) {
    (void)arguments, (void)count;
    if (thread != counted_thread || !is_counted) return;
    struct coherence_record *record = counts_at(VG_(get_IP)(thread));
    if (number == __NR_membarrier) record->barriers++;
    else record->system_calls++;
}

static void after_system_call(ThreadId thread, UInt number, UWord *arguments, UInt count, SysRes result) {
    (void)thread, (void)count;
    if (number != __NR_clock_gettime || sr_isError(result)) return;
    struct vki_timespec *time = (struct vki_timespec *)arguments[1];
    ULong now = read_clock();
    time->tv_sec = (long)(now / 1000000000);
    time->tv_nsec = (long)(now % 1000000000);
}

static UWord copy_counts(struct coherence_record *records, UWord capacity) {
    UWord count = 0;
    VG_(HT_ResetIter)(counts);
    for (Counted *each; (each = VG_(HT_Next)(counts)) != NULL; count++)
        if (count < capacity) records[count] = each->record;
    return count;
}

static void reset(void) {
    if (counts != NULL) VG_(HT_destruct)(counts, VG_(free));
    if (lines != NULL) VG_(HT_destruct)(lines, VG_(free));
    counts = VG_(HT_construct)("coherence.counts");
    lines = VG_(HT_construct)("coherence.lines");
}

static Bool on_request(ThreadId thread, UWord *words, UWord *result) {
    switch (words[0]) {
    case COHERENCE_RESET:
        reset();
        *result = 1;
        return True;
    case COHERENCE_BEGIN:
        tl_assert2(words[1] < COHERENCE_CORES && counted_thread == VG_INVALID_THREADID,
                   "a span inside another one, or of a core that there is not");
        core = (UInt)words[1];
        node = (UInt)words[2];
        kind = (UInt)words[3];
        node_of_core[core] = (UChar)node;
        counted_thread = thread;
        span_stack = VG_(get_SP)(thread);
        return True;
    case COHERENCE_END:
        counted_thread = VG_INVALID_THREADID;
        is_counted = False;
        return True;
    case COHERENCE_COUNTS:
        *result = copy_counts((struct coherence_record *)words[1], words[2]);
        return True;
    default: return False;
    }
}

// MARK: The heap

static void *allocate(ThreadId thread, SizeT align, SizeT bytes) {
    (void)thread;
    if (align < LINE_BYTES) align = LINE_BYTES;
    return VG_(cli_malloc)(align, VG_ROUNDUP(bytes == 0 ? 1 : bytes, LINE_BYTES));
}

static void *on_malloc(ThreadId thread, SizeT bytes) { return allocate(thread, LINE_BYTES, bytes); }

static void *on_memalign(ThreadId thread, SizeT align, SizeT bytes) { return allocate(thread, align, bytes); }

static void *on_new_aligned(ThreadId thread, SizeT bytes, SizeT align) { return allocate(thread, align, bytes); }

static void *on_calloc(ThreadId thread, SizeT count, SizeT bytes) {
    void *block = allocate(thread, LINE_BYTES, count * bytes);
    if (block != NULL) VG_(memset)(block, 0, count * bytes);
    return block;
}

static void on_free(ThreadId thread, void *block) {
    (void)thread;
    VG_(cli_free)(block);
}

static void on_delete_aligned(ThreadId thread, void *block, SizeT align) {
    (void)align;
    on_free(thread, block);
}

static SizeT usable_bytes(ThreadId thread, void *block) {
    (void)thread;
    return VG_(cli_malloc_usable_size)(block);
}

static void *on_realloc(ThreadId thread, void *block, SizeT bytes) {
    void *larger = on_malloc(thread, bytes);
    if (block == NULL || larger == NULL) return larger;
    SizeT old = usable_bytes(thread, block);
    VG_(memcpy)(larger, block, old < bytes ? old : bytes);
    VG_(cli_free)(block);
    return larger;
}

// MARK: The tool

static void after_options(void) { reset(); }

static void at_end(Int status) { (void)status; }

static void before_options(void) {
    VG_(details_name)("coherence");
    VG_(details_version)(NULL);
    VG_(details_description)("what operations cost a coherent machine");
    VG_(details_copyright_author)("of invbench");
    VG_(details_bug_reports_to)("the authors of invbench");
    VG_(basic_tool_funcs)(after_options, instrument, at_end);
    VG_(needs_client_requests)(on_request);
    VG_(needs_syscall_wrapper)(before_system_call, after_system_call);
    VG_(needs_malloc_replacement)(
        on_malloc, on_malloc, on_new_aligned, on_malloc, on_new_aligned, on_memalign, on_calloc, on_free, on_free,
        on_delete_aligned, on_free, on_delete_aligned, on_realloc, usable_bytes, 0);
}

VG_DETERMINE_INTERFACE_VERSION(before_options)
