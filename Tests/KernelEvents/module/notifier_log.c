// SPDX-License-Identifier: MIT
//
// Logs what the kernel tells the mmu notifiers of the processes that ask for it.
//
// /dev/notifier_log takes two requests and can be read:
//   WATCH      a notifier is registered for the caller's address space; spaces are numbered from 1 in that order;
//   OPERATION  a line "operation NAME" is written, NAME being the string that the argument points to;
//   read       the log so far, one line an entry: "range SPACE EVENT START END", "release SPACE".
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mmu_notifier.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#define WATCH _IO('N', 1)
#define OPERATION _IO('N', 2)
#define LOG_SIZE (8UL << 20)

static char *text;
static size_t text_size;
static int spaces;
static DEFINE_SPINLOCK(lock);

struct watch {
	struct mmu_notifier notifier;
	int space;
};

// The end of a log that is full is missing, and the line "full" says so.
static __printf(1, 2) void note(const char *format, ...)
{
	va_list arguments;
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	if (text_size + 512 < LOG_SIZE) {
		va_start(arguments, format);
		text_size += vscnprintf(text + text_size, 200, format, arguments);
		va_end(arguments);
		if (text_size + 512 >= LOG_SIZE)
			text_size += scnprintf(text + text_size, 200, "full\n");
	}
	spin_unlock_irqrestore(&lock, flags);
}

static const char *name_of(enum mmu_notifier_event event)
{
	switch (event) {
	case MMU_NOTIFY_UNMAP: return "unmap";
	case MMU_NOTIFY_CLEAR: return "clear";
	case MMU_NOTIFY_PROTECTION_VMA: return "protectionVMA";
	case MMU_NOTIFY_PROTECTION_PAGE: return "protectionPage";
	case MMU_NOTIFY_SOFT_DIRTY: return "softDirty";
	case MMU_NOTIFY_RELEASE: return "release";
	case MMU_NOTIFY_MIGRATE: return "migrate";
	case MMU_NOTIFY_EXCLUSIVE: return "exclusive";
	}
	return "unknown";
}

static int range_start(struct mmu_notifier *notifier, const struct mmu_notifier_range *range)
{
	note("range %d %s %lx %lx\n", container_of(notifier, struct watch, notifier)->space, name_of(range->event),
	     range->start, range->end);
	return 0;
}

static void release(struct mmu_notifier *notifier, struct mm_struct *mm)
{
	note("release %d\n", container_of(notifier, struct watch, notifier)->space);
}

static const struct mmu_notifier_ops notifier_ops = {
	.release = release,
	.invalidate_range_start = range_start,
};

static int watch_caller(void)
{
	struct watch *watch = kzalloc(sizeof(*watch), GFP_KERNEL);

	if (!watch)
		return -ENOMEM;
	watch->notifier.ops = &notifier_ops;
	watch->space = ++spaces;
	// It is never unregistered: the machine is thrown away after the run.
	return mmu_notifier_register(&watch->notifier, current->mm);
}

static long log_ioctl(struct file *file, unsigned int request, unsigned long argument)
{
	char name[160];
	long size;

	switch (request) {
	case WATCH:
		return watch_caller();
	case OPERATION:
		size = strncpy_from_user(name, (const char __user *)argument, sizeof(name));
		if (size < 0 || size == sizeof(name))
			return size < 0 ? size : -ENAMETOOLONG;
		note("operation %s\n", name);
		return 0;
	}
	return -ENOTTY;
}

static ssize_t log_read(struct file *file, char __user *buffer, size_t size, loff_t *place)
{
	return simple_read_from_buffer(buffer, size, place, text, text_size);
}

static const struct file_operations log_operations = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = log_ioctl,
	.read = log_read,
};

static struct miscdevice device = { .minor = MISC_DYNAMIC_MINOR, .name = "notifier_log", .fops = &log_operations };

static int __init begin(void)
{
	text = vmalloc(LOG_SIZE);
	return text ? misc_register(&device) : -ENOMEM;
}

module_init(begin);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Logs mmu notifier callbacks");
