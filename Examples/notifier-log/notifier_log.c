// SPDX-License-Identifier: MIT
//
// Logs what the kernel tells the mmu notifiers of chosen processes. The kernel tells it only where somebody subscribes:
// this module does, as KVM or a driver would.
//
// /dev/notifier_log, for root:
//   write a process's number   follows the process from now on, with the processes that it makes and what they execute
//   write a line behind a #    the line is put into the log
//   read                       the log so far, in the format of events: "seconds process event start end", where
//                              process numbers an address space, and "# space 2 is process 4711 (name)" says whose
//
// Parameters, in /sys/module/notifier_log/parameters:
//   mebibytes   how large the log may grow; what has no room is lost
//   counts      how many events came of each kind, in the order of enum mmu_notifier_event
//   lost        how many of them had no room, or came in processes that could not be followed for want of memory
#include <linux/binfmts.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mmu_notifier.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/task_work.h>
#include <linux/tracepoint.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <linux/xarray.h>

static const char *const names[] = {
	[MMU_NOTIFY_UNMAP] = "unmap",
	[MMU_NOTIFY_CLEAR] = "clear",
	[MMU_NOTIFY_PROTECTION_VMA] = "protectionVMA",
	[MMU_NOTIFY_PROTECTION_PAGE] = "protectionPage",
	[MMU_NOTIFY_SOFT_DIRTY] = "softDirty",
	[MMU_NOTIFY_RELEASE] = "release",
	[MMU_NOTIFY_MIGRATE] = "migrate",
	[MMU_NOTIFY_EXCLUSIVE] = "exclusive",
};

static unsigned int mebibytes = 16;
module_param(mebibytes, uint, 0444);
static unsigned long counts[ARRAY_SIZE(names)];
module_param_array(counts, ulong, NULL, 0444);
static unsigned long lost;
module_param(lost, ulong, 0444);

// The log, its counts, and the list of watches.
static DEFINE_SPINLOCK(lock);
static char *text;
static size_t text_room;
static size_t text_size;
static LIST_HEAD(watches);

// One address space. The list has one reference to it, from mmu_notifier_get(), and whoever takes it off puts that.
struct watch {
	struct mmu_notifier notifier;
	struct list_head link;
	int space;
};

// Held while a space is subscribed to: the number of the last one is written by alloc_watch() alone.
static DEFINE_MUTEX(subscribing);
static int spaces;

// The processes that are followed, by their number.
static DEFINE_XARRAY(followed);

// Called with the lock held.
static __printf(1, 2) bool append(const char *format, ...)
{
	size_t room = text_room - text_size;
	va_list arguments;
	int size;

	va_start(arguments, format);
	size = vsnprintf(text + text_size, room, format, arguments);
	va_end(arguments);
	if (size >= room)
		return false;
	smp_store_release(&text_size, text_size + size); // log_read() loads it.
	return true;
}

static void log_event(int space, enum mmu_notifier_event event, unsigned long start, unsigned long end)
{
	unsigned long flags;
	u64 seconds;
	u32 rest;

	spin_lock_irqsave(&lock, flags);
	seconds = div_u64_rem(ktime_get_ns(), NSEC_PER_SEC, &rest);
	counts[event]++;
	if (!append("%llu.%09u %d %s 0x%lx 0x%lx\n", seconds, rest, space, names[event], start, end))
		lost++;
	spin_unlock_irqrestore(&lock, flags);
}

static int range_start(struct mmu_notifier *notifier, const struct mmu_notifier_range *range)
{
	log_event(container_of(notifier, struct watch, notifier)->space, range->event, range->start, range->end);
	return 0;
}

static bool take_off_list(struct watch *watch)
{
	unsigned long flags;
	bool was_on;

	spin_lock_irqsave(&lock, flags);
	was_on = !list_empty(&watch->link);
	list_del_init(&watch->link);
	spin_unlock_irqrestore(&lock, flags);
	return was_on;
}

static void release(struct mmu_notifier *notifier, struct mm_struct *mm)
{
	struct watch *watch = container_of(notifier, struct watch, notifier);

	log_event(watch->space, MMU_NOTIFY_RELEASE, 0, ULONG_MAX);
	if (take_off_list(watch))
		mmu_notifier_put(notifier);
}

static struct mmu_notifier *alloc_watch(struct mm_struct *mm)
{
	struct watch *watch = kzalloc(sizeof(*watch), GFP_KERNEL);

	if (!watch)
		return ERR_PTR(-ENOMEM);
	watch->space = ++spaces;
	INIT_LIST_HEAD(&watch->link);
	return &watch->notifier;
}

static void free_watch(struct mmu_notifier *notifier)
{
	kfree(container_of(notifier, struct watch, notifier));
}

static const struct mmu_notifier_ops notifier_ops = {
	.release = release,
	.invalidate_range_start = range_start,
	.alloc_notifier = alloc_watch,
	.free_notifier = free_watch,
};

// The caller has a reference to the users of the space: it is not released meanwhile.
static int watch_space(struct mm_struct *mm, struct task_struct *task)
{
	struct mmu_notifier *notifier;
	struct watch *watch;
	int last;

	mutex_lock(&subscribing);
	last = spaces;
	notifier = mmu_notifier_get(&notifier_ops, mm);
	if (IS_ERR(notifier)) {
		mutex_unlock(&subscribing);
		return PTR_ERR(notifier);
	}
	watch = container_of(notifier, struct watch, notifier);
	if (spaces == last) { // It is watched already.
		mmu_notifier_put(notifier);
	} else {
		spin_lock_irq(&lock);
		list_add(&watch->link, &watches);
		append("# space %d is process %d (%*pE)\n", watch->space, task->tgid, (int)strlen(task->comm),
		       task->comm);
		spin_unlock_irq(&lock);
	}
	mutex_unlock(&subscribing);
	return 0;
}

static void miss(void)
{
	spin_lock_irq(&lock);
	lost++;
	spin_unlock_irq(&lock);
}

// Runs in a process before its next instruction in user space. A signal may be pending, which a debugger's child begins
// with, and to subscribe fails then: it is put off.
static void watch_current(struct callback_head *work)
{
	bool is_signalled = test_and_clear_thread_flag(TIF_SIGPENDING);

	kfree(work);
	if (current->mm && watch_space(current->mm, current))
		miss();
	if (is_signalled)
		set_thread_flag(TIF_SIGPENDING);
	module_put(THIS_MODULE);
}

// A tracepoint may not sleep, and to subscribe may.
static void watch_soon(struct task_struct *task)
{
	struct callback_head *work = kmalloc(sizeof(*work), GFP_ATOMIC);

	if (!work)
		return miss();
	init_task_work(work, watch_current);
	__module_get(THIS_MODULE);
	if (task_work_add(task, work, TWA_RESUME)) {
		kfree(work);
		module_put(THIS_MODULE);
	}
}

static void on_fork(void *data, struct task_struct *parent, struct task_struct *child)
{
	if (child->tgid == parent->tgid || !xa_load(&followed, parent->tgid))
		return;
	if (xa_is_err(xa_store(&followed, child->tgid, xa_mk_value(1), GFP_ATOMIC)))
		return miss();
	if (child->mm != parent->mm)
		watch_soon(child);
}

static void on_exec(void *data, struct task_struct *task, pid_t old, struct linux_binprm *program)
{
	if (xa_load(&followed, task->tgid))
		watch_soon(task);
}

static void on_exit(void *data, struct task_struct *task)
{
	if (atomic_read(&task->signal->live) == 0)
		xa_erase(&followed, task->tgid);
}

static struct probe {
	const char *name;
	void *function;
	struct tracepoint *tracepoint;
} probes[] = {
	{ "sched_process_fork", on_fork },
	{ "sched_process_exec", on_exec },
	{ "sched_process_exit", on_exit },
};

static int follow(int number)
{
	struct pid *pid = find_get_pid(number);
	struct task_struct *task = get_pid_task(pid, PIDTYPE_PID);
	struct mm_struct *mm = task ? get_task_mm(task) : NULL;
	int result = -ESRCH;

	put_pid(pid);
	if (mm) {
		result = xa_err(xa_store(&followed, task->tgid, xa_mk_value(1), GFP_KERNEL));
		if (!result)
			result = watch_space(mm, task);
		mmput(mm);
	}
	if (task)
		put_task_struct(task);
	return result;
}

static ssize_t log_write(struct file *file, const char __user *buffer, size_t size, loff_t *place)
{
	char line[200];
	bool has_room;
	int number, result;

	if (size >= sizeof(line))
		return -ENAMETOOLONG;
	if (copy_from_user(line, buffer, size))
		return -EFAULT;
	line[size] = '\0';
	if (line[0] != '#') {
		result = kstrtoint(line, 10, &number);
		if (!result)
			result = follow(number);
		return result ? result : size;
	}
	spin_lock_irq(&lock);
	has_room = append("%.*s\n", (int)strcspn(line, "\n"), line);
	spin_unlock_irq(&lock);
	return has_room ? size : -ENOSPC;
}

static ssize_t log_read(struct file *file, char __user *buffer, size_t size, loff_t *place)
{
	return simple_read_from_buffer(buffer, size, place, text, smp_load_acquire(&text_size));
}

static const struct file_operations log_operations = {
	.owner = THIS_MODULE,
	.write = log_write,
	.read = log_read,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR, .name = "notifier_log", .fops = &log_operations, .mode = 0600,
};

static void find(struct tracepoint *tracepoint, void *data)
{
	for (int i = 0; i < ARRAY_SIZE(probes); i++)
		if (!strcmp(tracepoint->name, probes[i].name))
			probes[i].tracepoint = tracepoint;
}

static void remove_probes(int count)
{
	while (count-- > 0)
		tracepoint_probe_unregister(probes[count].tracepoint, probes[count].function, NULL);
	tracepoint_synchronize_unregister();
	xa_destroy(&followed);
}

static int __init begin(void)
{
	int result = -ENOENT, count;

	text_room = (size_t)mebibytes << 20;
	text = text_room ? vmalloc(text_room) : NULL;
	if (!text)
		return -ENOMEM;
	for_each_kernel_tracepoint(find, NULL);
	for (count = 0; count < ARRAY_SIZE(probes); count++) {
		if (probes[count].tracepoint)
			result = tracepoint_probe_register(probes[count].tracepoint, probes[count].function, NULL);
		if (result)
			goto failed;
		result = -ENOENT;
	}
	result = misc_register(&device);
	if (!result)
		return 0;
failed:
	remove_probes(count);
	vfree(text);
	return result;
}

// Nothing follows a process any more, and no work is left that would: each holds a reference to the module.
static void __exit end(void)
{
	struct watch *watch;

	misc_deregister(&device);
	remove_probes(ARRAY_SIZE(probes));
	for (;;) {
		spin_lock_irq(&lock);
		watch = list_first_entry_or_null(&watches, struct watch, link);
		if (watch)
			list_del_init(&watch->link);
		spin_unlock_irq(&lock);
		if (!watch)
			break;
		mmu_notifier_put(&watch->notifier);
	}
	mmu_notifier_synchronize();
	vfree(text);
}

module_init(begin);
module_exit(end);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Logs what the kernel tells the mmu notifiers of chosen processes");
