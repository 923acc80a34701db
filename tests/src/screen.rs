//! A window for a plugin's editor, and pictures of it, through X11.

use anyhow::{Context, Result, bail, ensure};
use image::RgbImage;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use x11rb::COPY_DEPTH_FROM_PARENT;
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{
    ClientMessageEvent, ConfigureWindowAux, ConnectionExt, CreateWindowAux, EventMask, ImageFormat,
    MapState, WindowClass,
};
use x11rb::rust_connection::RustConnection;

/// A plain window on the display that `DISPLAY` names.
pub struct HostWindow {
    connection: RustConnection,
    window: u32,
    root: u32,
}

impl HostWindow {
    /// Opens a window of this size in pixels.
    ///
    /// # Errors
    ///
    /// If there is no display.
    pub fn open(width: u32, height: u32) -> Result<Self> {
        let (connection, number) =
            x11rb::connect(None).context("no X11 display (is DISPLAY set?)")?;
        let screen = &connection.setup().roots[number];
        let (root, visual, black) = (screen.root, screen.root_visual, screen.black_pixel);
        let window = connection.generate_id()?;
        connection
            .create_window(
                COPY_DEPTH_FROM_PARENT,
                window,
                root,
                0,
                0,
                width.try_into()?,
                height.try_into()?,
                0,
                WindowClass::INPUT_OUTPUT,
                visual,
                &CreateWindowAux::new().background_pixel(black),
            )?
            .check()?;
        connection.map_window(window)?.check()?;
        // A pointer over the window would be part of its pictures.
        connection
            .warp_pointer(x11rb::NONE, root, 0, 0, 0, 0, i16::MAX, i16::MAX)?
            .check()?;
        connection.flush()?;
        Ok(Self {
            connection,
            window,
            root,
        })
    }

    /// The window of another program that a display's root shows, once there is one; `None` after a while without.
    ///
    /// # Errors
    ///
    /// If there is no display.
    pub fn of_another(display: &str, patience: Duration) -> Result<Option<Self>> {
        let (connection, number) =
            x11rb::connect(Some(display)).context("there is no such X11 display")?;
        let root = connection.setup().roots[number].root;
        let deadline = Instant::now() + patience;
        while Instant::now() < deadline {
            let windows = connection.query_tree(root)?.reply()?.children;
            for window in windows {
                let attributes = connection.get_window_attributes(window)?.reply()?;
                let size = connection.get_geometry(window)?.reply()?;
                if attributes.map_state == MapState::VIEWABLE && size.width > 100 {
                    return Ok(Some(Self {
                        connection,
                        window,
                        root,
                    }));
                }
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(None)
    }

    /// Asks the window's program to close it, as window managers do.
    ///
    /// # Errors
    ///
    /// If the display is gone.
    pub fn ask_to_close(&self) -> Result<()> {
        let atom = |name: &[u8]| -> Result<u32> {
            Ok(self.connection.intern_atom(false, name)?.reply()?.atom)
        };
        let (protocols, delete) = (atom(b"WM_PROTOCOLS")?, atom(b"WM_DELETE_WINDOW")?);
        let message = ClientMessageEvent::new(32, self.window, protocols, [delete, 0, 0, 0, 0]);
        self.connection
            .send_event(false, self.window, EventMask::NO_EVENT, message)?
            .check()?;
        Ok(())
    }

    /// The number by which X11 knows the window.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.window
    }

    /// Gives the window another size in pixels.
    ///
    /// # Errors
    ///
    /// If the display is gone.
    pub fn resize(&self, width: u32, height: u32) -> Result<()> {
        self.connection
            .configure_window(
                self.window,
                &ConfigureWindowAux::new().width(width).height(height),
            )?
            .check()?;
        Ok(())
    }

    /// What the display shows in the window's place.
    ///
    /// # Errors
    ///
    /// If the display gives no picture, or not in the usual 32 bits a pixel.
    pub fn picture(&self) -> Result<RgbImage> {
        let size = self.connection.get_geometry(self.window)?.reply()?;
        // Of the root window: an editor's own window lies over the host's, and pictures of the latter leave it out.
        let reply = self
            .connection
            .get_image(
                ImageFormat::Z_PIXMAP,
                self.root,
                0,
                0,
                size.width,
                size.height,
                u32::MAX,
            )?
            .reply()?;
        let pixels = usize::from(size.width) * usize::from(size.height);
        ensure!(
            reply.data.len() == 4 * pixels,
            "the display has not 32 bits a pixel"
        );
        let rgb = reply
            .data
            .chunks_exact(4)
            .flat_map(|bgrx| [bgrx[2], bgrx[1], bgrx[0]])
            .collect();
        RgbImage::from_raw(size.width.into(), size.height.into(), rgb)
            .context("the picture has not the window's size")
    }
}

/// How many colours a picture has, and which share of it the most frequent one fills.
#[must_use]
pub fn colours(picture: &RgbImage) -> (usize, f64) {
    let mut counts = std::collections::HashMap::new();
    for pixel in picture.pixels() {
        *counts.entry(pixel.0).or_insert(0_u64) += 1;
    }
    let most = counts.values().max().copied().unwrap_or(0);
    let all = counts.values().sum::<u64>().max(1);
    (counts.len(), most as f64 / all as f64)
}

/// An X server without a screen, which ends with this value.
pub struct Xvfb {
    server: Child,
    display: String,
}

impl Xvfb {
    /// Starts the server with a screen of 1920 x 1200, on a display number that is free.
    ///
    /// # Errors
    ///
    /// If Xvfb is not installed, or does not start.
    pub fn start() -> Result<Self> {
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1920x1200x24"])
            // Without this it begins anew whenever its last client goes.
            .args(["-nolisten", "tcp", "-noreset"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("Xvfb is not installed (Debian and Ubuntu: apt install xvfb)")?;
        let mut line = String::new();
        let output = server.stdout.take().context("Xvfb has no output")?;
        std::io::BufRead::read_line(&mut std::io::BufReader::new(output), &mut line)?;
        let number = line.trim();
        if number.is_empty() {
            let _ = server.kill();
            let _ = server.wait();
            bail!("Xvfb does not start");
        }
        Ok(Self {
            display: format!(":{number}"),
            server,
        })
    }

    /// Whether it is installed.
    #[must_use]
    pub fn is_installed() -> bool {
        std::env::var_os("PATH").is_some_and(|path| {
            std::env::split_paths(&path).any(|folder| Path::new(&folder).join("Xvfb").is_file())
        })
    }

    /// What `DISPLAY` must be for programs that use it.
    #[must_use]
    pub fn display(&self) -> &str {
        &self.display
    }
}

impl Drop for Xvfb {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
        // A killed server leaves its lock.
        std::thread::sleep(Duration::from_millis(10));
        let number = self.display.trim_start_matches(':');
        let _ = std::fs::remove_file(format!("/tmp/.X{number}-lock"));
        let _ = std::fs::remove_file(format!("/tmp/.X11-unix/X{number}"));
    }
}
