//! The door between SQLite and the simulated disks: a VFS, as SQLite calls what it reaches files by.
//!
//! It is the one that SQLite takes unless it is told another. The database in the folder of a mounted disk, with what SQLite keeps
//! beside it, is on that disk; all other files are what they were, because they are handed on to SQLite's own VFS. All that is
//! `unsafe` of the simulation is here: SQLite's C functions are given memory of SQLite's, and a pointer of ours to what each file
//! is. Its documentation (sqlite.org/c3ref/vfs.html, io_methods.html) says what each must do.

#![allow(unsafe_code, reason = "SQLite reaches files by C functions alone")]

use std::collections::BTreeMap;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::slice;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use rusqlite::ffi;
use tempfile::TempDir;

use super::disk::{DiskError, FileId, SimDisk};
use super::shared_memory::SharedMemory;

/// The file of the database.
pub const DATABASE: &str = "headcount.db";
/// How the names end of what is on a simulated disk.
const ENDINGS: [&str; 3] = ["", "-wal", "-journal"];

/// The disks that are mounted, by the path of their database.
static DISKS: Mutex<BTreeMap<String, Arc<Mutex<SimDisk>>>> = Mutex::new(BTreeMap::new());

/// A disk that SQLite can reach until this is dropped. There is a folder for it, for whom wants to see files without SQLite.
#[derive(Debug)]
pub struct MountedDisk {
    _folder: TempDir,
    path: String,
    disk: Arc<Mutex<SimDisk>>,
}

impl MountedDisk {
    /// Mounts a disk.
    pub fn mount(disk: SimDisk) -> MountedDisk {
        unix();
        let folder = TempDir::new_in("/dev/shm").expect("a folder in memory");
        let path = folder.path().join(DATABASE).to_str().expect("a path of letters").to_owned();
        fs::write(&path, []).expect("a file in memory");
        let disk = Arc::new(Mutex::new(disk));
        DISKS.lock().unwrap_or_else(PoisonError::into_inner).insert(path.clone(), disk.clone());
        MountedDisk { _folder: folder, path, disk }
    }

    /// The disk.
    pub fn disk(&self) -> MutexGuard<'_, SimDisk> {
        self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The disk, for whom outlives this.
    pub fn shared(&self) -> Arc<Mutex<SimDisk>> {
        self.disk.clone()
    }

    /// The path of the database.
    pub fn database(&self) -> &Path {
        Path::new(&self.path)
    }

    /// Shows the files in the folder as they are on the disk, as a start finds them.
    pub fn show(&self) {
        let mut disk = self.disk();
        for ending in ENDINGS {
            let path = format!("{}{ending}", self.path);
            match disk.show(&path) {
                Some(bytes) => fs::write(&path, bytes).expect("a file in memory"),
                None => _ = fs::remove_file(&path),
            }
        }
    }
}

impl Drop for MountedDisk {
    fn drop(&mut self) {
        DISKS.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.path);
    }
}

/// The disk on which a file is; nothing for files that are not simulated.
fn disk_of(name: &str) -> Option<Arc<Mutex<SimDisk>>> {
    let disks = DISKS.lock().unwrap_or_else(PoisonError::into_inner);
    ENDINGS.iter().find_map(|ending| disks.get(name.strip_suffix(ending)?).cloned())
}

/// The disk, on which there is no file any more that the program has moved away in the folder.
fn looked_at<'a>(disk: &'a Mutex<SimDisk>, name: &str) -> MutexGuard<'a, SimDisk> {
    let mut disk = disk.lock().unwrap_or_else(PoisonError::into_inner);
    if disk.is_shown(name) && !Path::new(name).exists() {
        disk.forget(name);
    }
    disk
}

/// SQLite's own VFS; ours stands before it from now on.
fn unix() -> *mut ffi::sqlite3_vfs {
    static UNIX: OnceLock<usize> = OnceLock::new();
    let address = UNIX.get_or_init(|| {
        let unix = unsafe { ffi::sqlite3_vfs_find(std::ptr::null()) };
        register(unix);
        unix as usize
    });
    *address as *mut ffi::sqlite3_vfs
}

/// A file as SQLite has it: its first field must be this, and the rest is ours.
#[repr(C)]
struct Handle {
    base: ffi::sqlite3_file,
    file: *mut OpenFile,
}

/// What is behind a handle.
struct OpenFile {
    disk: Arc<Mutex<SimDisk>>,
    id: FileId,
    number: u64,
    level: c_int,
    /// The disk's name of it, where it goes when it is closed.
    goes: Option<String>,
    shared: Option<Arc<SharedMemory>>,
    /// The same file in the folder, where whoever looks without SQLite finds what programs see of it.
    mirror: Option<File>,
}

impl OpenFile {
    fn disk(&self) -> MutexGuard<'_, SimDisk> {
        self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is behind a handle of SQLite's.
///
/// # Safety
/// `file` was opened by [`open`] and not closed since, and nobody else uses it meanwhile: SQLite promises both.
unsafe fn opened<'a>(file: *mut ffi::sqlite3_file) -> &'a mut OpenFile {
    unsafe { &mut *(*file.cast::<Handle>()).file }
}

fn code(error: DiskError, device: c_int) -> c_int {
    match error {
        DiskError::Full => ffi::SQLITE_FULL,
        DiskError::Missing => ffi::SQLITE_CANTOPEN,
        DiskError::Dead | DiskError::Device => device,
    }
}

fn done(result: Result<(), DiskError>, device: c_int) -> c_int {
    result.map_or_else(|error| code(error, device), |()| ffi::SQLITE_OK)
}

unsafe fn text<'a>(name: *const c_char) -> &'a str {
    if name.is_null() { "" } else { unsafe { CStr::from_ptr(name) }.to_str().unwrap_or_default() }
}

unsafe extern "C" fn open(
    _: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    unsafe {
        let path = name;
        let name = text(name);
        let Some(disk) = disk_of(name) else {
            return (*unix()).xOpen.map_or(ffi::SQLITE_CANTOPEN, |open| open(unix(), path, file, flags, out_flags));
        };
        (*file).pMethods = std::ptr::null();
        let mut locked = looked_at(&disk, name);
        let is_log = flags & (ffi::SQLITE_OPEN_WAL | ffi::SQLITE_OPEN_MAIN_JOURNAL) != 0;
        let id = match locked.open(name, flags & ffi::SQLITE_OPEN_CREATE != 0, is_log) {
            Ok(id) => id,
            Err(error) => return code(error, ffi::SQLITE_CANTOPEN),
        };
        let (number, goes) = (locked.new_handle(), flags & ffi::SQLITE_OPEN_DELETEONCLOSE != 0);
        drop(locked);
        let goes = goes.then(|| name.to_owned());
        let mirror = File::options().write(true).create(true).truncate(false).open(name).ok();
        disk.lock().unwrap_or_else(PoisonError::into_inner).show(name);
        let level = ffi::SQLITE_LOCK_NONE;
        let opened = Box::new(OpenFile { disk, id, number, level, goes, shared: None, mirror });
        (*file.cast::<Handle>()).file = Box::into_raw(opened);
        (*file).pMethods = &raw const METHODS;
        if !out_flags.is_null() {
            *out_flags = flags;
        }
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    unsafe {
        unlock(file, ffi::SQLITE_LOCK_NONE);
        let opened = Box::from_raw((*file.cast::<Handle>()).file);
        if let Some(name) = &opened.goes {
            // A dead program removes nothing.
            let _ = opened.disk().remove(name, false);
        }
        (*file).pMethods = std::ptr::null();
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn read(file: *mut ffi::sqlite3_file, to: *mut c_void, count: c_int, at: i64) -> c_int {
    let (file, to) = unsafe { (opened(file), slice::from_raw_parts_mut(to.cast::<u8>(), count as usize)) };
    match file.disk().read(file.id, at as usize, to) {
        Ok(read) if read == to.len() => ffi::SQLITE_OK,
        Ok(read) => {
            to[read..].fill(0);
            ffi::SQLITE_IOERR_SHORT_READ
        }
        Err(error) => code(error, ffi::SQLITE_IOERR_READ),
    }
}

unsafe extern "C" fn write(file: *mut ffi::sqlite3_file, from: *const c_void, count: c_int, at: i64) -> c_int {
    let (file, from) = unsafe { (opened(file), slice::from_raw_parts(from.cast::<u8>(), count as usize)) };
    let written = file.disk().write(file.id, at as usize, from);
    if let (Ok(()), Some(mirror)) = (&written, &file.mirror) {
        // Who looks there sees it late if this fails.
        let _ = mirror.write_all_at(from, at as u64);
    }
    done(written, ffi::SQLITE_IOERR_WRITE)
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, length: i64) -> c_int {
    let file = unsafe { opened(file) };
    let set = file.disk().set_length(file.id, length as usize);
    if let (Ok(()), Some(mirror)) = (&set, &file.mirror) {
        let _ = mirror.set_len(length as u64);
    }
    done(set, ffi::SQLITE_IOERR_TRUNCATE)
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _: c_int) -> c_int {
    let file = unsafe { opened(file) };
    done(file.disk().sync(file.id), ffi::SQLITE_IOERR_FSYNC)
}

unsafe extern "C" fn file_size(file: *mut ffi::sqlite3_file, size: *mut i64) -> c_int {
    let file = unsafe { opened(file) };
    let length = file.disk().length(file.id);
    done(length.map(|length| unsafe { *size = length as i64 }), ffi::SQLITE_IOERR_FSTAT)
}

unsafe extern "C" fn lock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    let file = unsafe { opened(file) };
    let (me, mut disk) = (file.number, file.disk.lock().unwrap_or_else(PoisonError::into_inner));
    let Some(locks) = disk.file(file.id).map(|file| &mut file.locks) else { return ffi::SQLITE_IOERR_LOCK };
    let is_others = |holder: Option<u64>| holder.is_some_and(|holder| holder != me);
    if file.level == ffi::SQLITE_LOCK_NONE && level >= ffi::SQLITE_LOCK_SHARED {
        if is_others(locks.pending) {
            return ffi::SQLITE_BUSY;
        }
        locks.shared += 1;
        file.level = ffi::SQLITE_LOCK_SHARED;
    }
    if level >= ffi::SQLITE_LOCK_RESERVED && file.level < ffi::SQLITE_LOCK_RESERVED {
        if is_others(locks.reserved) {
            return ffi::SQLITE_BUSY;
        }
        locks.reserved = Some(me);
        file.level = ffi::SQLITE_LOCK_RESERVED;
    }
    if level >= ffi::SQLITE_LOCK_EXCLUSIVE && file.level < ffi::SQLITE_LOCK_EXCLUSIVE {
        if is_others(locks.pending) {
            return ffi::SQLITE_BUSY;
        }
        (locks.pending, file.level) = (Some(me), ffi::SQLITE_LOCK_PENDING);
        if locks.shared > 1 {
            return ffi::SQLITE_BUSY;
        }
        file.level = ffi::SQLITE_LOCK_EXCLUSIVE;
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn unlock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    let file = unsafe { opened(file) };
    let (me, before) = (file.number, file.level);
    if before <= level {
        return ffi::SQLITE_OK;
    }
    file.level = level;
    let mut disk = file.disk.lock().unwrap_or_else(PoisonError::into_inner);
    // Locks of a life that was killed are gone.
    let Some(locks) = disk.file(file.id).map(|file| &mut file.locks) else { return ffi::SQLITE_OK };
    for holder in [&mut locks.reserved, &mut locks.pending] {
        holder.take_if(|holder| *holder == me);
    }
    if level == ffi::SQLITE_LOCK_NONE && before > ffi::SQLITE_LOCK_NONE {
        locks.shared -= 1;
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn is_reserved(file: *mut ffi::sqlite3_file, out: *mut c_int) -> c_int {
    let file = unsafe { opened(file) };
    let (id, mut disk) = (file.id, file.disk());
    let reserved = disk.file(id).is_some_and(|file| file.locks.reserved.is_some());
    unsafe { *out = c_int::from(reserved) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn control(_: *mut ffi::sqlite3_file, _: c_int, _: *mut c_void) -> c_int {
    ffi::SQLITE_NOTFOUND
}

unsafe extern "C" fn sector_size(_: *mut ffi::sqlite3_file) -> c_int {
    4_096
}

unsafe extern "C" fn characteristics(_: *mut ffi::sqlite3_file) -> c_int {
    ffi::SQLITE_IOCAP_POWERSAFE_OVERWRITE
}

unsafe extern "C" fn map_shared(
    file: *mut ffi::sqlite3_file,
    region: c_int,
    _: c_int,
    may_make: c_int,
    out: *mut *mut c_void,
) -> c_int {
    let file = unsafe { opened(file) };
    if file.shared.is_none() {
        let mut disk = file.disk.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(of_file) = disk.file(file.id) else { return ffi::SQLITE_IOERR_SHMMAP };
        file.shared = Some(of_file.shared.get_or_insert_default().clone());
    }
    let found = file.shared.as_ref().and_then(|shared| shared.region(region as usize, may_make != 0));
    unsafe { *out = found.map_or(std::ptr::null_mut(), |region| region.cast::<c_void>()) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn lock_shared(file: *mut ffi::sqlite3_file, first: c_int, count: c_int, flags: c_int) -> c_int {
    let file = unsafe { opened(file) };
    let Some(shared) = &file.shared else { return ffi::SQLITE_IOERR_SHMLOCK };
    let slots = first as usize..(first + count) as usize;
    let is_alone = flags & ffi::SQLITE_SHM_EXCLUSIVE != 0;
    if flags & ffi::SQLITE_SHM_UNLOCK != 0 {
        shared.unlock(slots, is_alone);
        return ffi::SQLITE_OK;
    }
    if shared.lock(slots, is_alone) { ffi::SQLITE_OK } else { ffi::SQLITE_BUSY }
}

unsafe extern "C" fn barrier(_: *mut ffi::sqlite3_file) {
    std::sync::atomic::fence(std::sync::atomic::Ordering::SeqCst);
}

unsafe extern "C" fn unmap_shared(file: *mut ffi::sqlite3_file, goes: c_int) -> c_int {
    let file = unsafe { opened(file) };
    file.shared = None;
    let (id, mut disk) = (file.id, file.disk());
    if let Some(of_file) = disk.file(id) {
        let is_last = of_file.shared.as_ref().is_some_and(|shared| Arc::strong_count(shared) == 1);
        if goes != 0 || is_last {
            of_file.shared = None;
        }
    }
    ffi::SQLITE_OK
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(is_reserved),
    xFileControl: Some(control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(characteristics),
    xShmMap: Some(map_shared),
    xShmLock: Some(lock_shared),
    xShmBarrier: Some(barrier),
    xShmUnmap: Some(unmap_shared),
    xFetch: None,
    xUnfetch: None,
};

unsafe extern "C" fn delete(_: *mut ffi::sqlite3_vfs, name: *const c_char, is_synced: c_int) -> c_int {
    let path = name;
    let name = unsafe { text(name) };
    let Some(disk) = disk_of(name) else {
        let delete = unsafe { (*unix()).xDelete };
        return delete.map_or(ffi::SQLITE_IOERR_DELETE, |delete| unsafe { delete(unix(), path, is_synced) });
    };
    let removed = disk.lock().unwrap_or_else(PoisonError::into_inner).remove(name, is_synced != 0);
    if removed.is_ok() {
        let _ = fs::remove_file(name);
    }
    match removed {
        Err(DiskError::Missing) => ffi::SQLITE_IOERR_DELETE_NOENT,
        removed => done(removed, ffi::SQLITE_IOERR_DELETE),
    }
}

unsafe extern "C" fn access(_: *mut ffi::sqlite3_vfs, name: *const c_char, flags: c_int, out: *mut c_int) -> c_int {
    let path = name;
    let name = unsafe { text(name) };
    let Some(disk) = disk_of(name) else {
        let access = unsafe { (*unix()).xAccess };
        return access.map_or(ffi::SQLITE_IOERR_ACCESS, |access| unsafe { access(unix(), path, flags, out) });
    };
    let exists = looked_at(&disk, name).exists(name);
    unsafe { *out = c_int::from(exists) };
    ffi::SQLITE_OK
}

/// Puts ours before SQLite's own VFS, whose other functions it keeps.
fn register(unix: *mut ffi::sqlite3_vfs) {
    let unix = unsafe { &*unix };
    let vfs = ffi::sqlite3_vfs {
        szOsFile: unix.szOsFile.max(size_of::<Handle>() as c_int),
        pNext: std::ptr::null_mut(),
        zName: c"headcount-sim".as_ptr(),
        xOpen: Some(open),
        xDelete: Some(delete),
        xAccess: Some(access),
        ..*unix
    };
    // It is there for as long as the process.
    let registered = unsafe { ffi::sqlite3_vfs_register(Box::leak(Box::new(vfs)), 1) };
    assert_eq!(registered, ffi::SQLITE_OK);
}
