// SPDX-License-Identifier: GPL-3.0-or-later
#include "theme/StyleSheet.h"

namespace secateur::ui {
namespace {

/// @name@ stands for a colour of the style.
const QString kSheet = QStringLiteral(R"(
QToolTip { color: @text@; background: @raised@; border: 1px solid @outline@; padding: 4px; }
QMenuBar { background: @surface@; border-bottom: 1px solid @line@; padding: 2px 4px; }
QMenuBar::item { padding: 4px 8px; border-radius: 4px; background: transparent; }
QMenuBar::item:selected, QMenuBar::item:pressed { background: @selected@; }
QMenu { background: @surface@; border: 1px solid @outline@; padding: 4px; }
QMenu::item { padding: 5px 24px 5px 8px; border-radius: 4px; }
QMenu::item:selected { background: @selected@; color: @text@; }
QMenu::item:disabled { color: @disabled@; }
QMenu::icon { padding-left: 6px; }
QMenu::separator { height: 1px; background: @line@; margin: 4px 6px; }

QTabWidget::pane { border: 0; border-top: 1px solid @line@; }
QTabBar { background: @raised@; qproperty-drawBase: 0; }
QTabBar::tab { padding: 6px 14px 7px 14px; margin: 4px 0 0 2px; border: 1px solid transparent; border-top-width: 2px; border-bottom: 0;
               color: @mutedText@; }
QTabBar::tab:selected { background: @surface@; border-color: @line@; border-top-color: @accent@; color: @text@; font-weight: bold;
                        border-top-left-radius: 4px; border-top-right-radius: 4px; }
QTabBar::tab:hover:!selected { color: @text@; }
QTabBar::tab:focus { border-color: @accent@; }

QPushButton { padding: 5px 12px; border: 1px solid @outline@; border-radius: 5px; background: @surface@; min-height: 1.2em; }
QPushButton:hover { border-color: @text@; background: @raised@; }
QPushButton:pressed, QPushButton:checked { background: @selected@; border-color: @accent@; }
QPushButton:focus { border: 2px solid @accent@; padding: 4px 11px; }
QPushButton:disabled { color: @disabled@; border-color: @line@; background: @raised@; }
QPushButton::menu-indicator { image: url(:/icons/spin-down.svg); width: 10px; height: 10px; subcontrol-origin: padding;
    subcontrol-position: center right; right: 6px; }
QPushButton[primary="true"] { background: @accent@; border-color: @accent@; color: @onAccent@; font-weight: bold; }
QPushButton[primary="true"]:hover { border-color: @text@; }
QPushButton[primary="true"]:focus { border: 2px solid @text@; padding: 4px 11px; }
QPushButton[primary="true"]:disabled { background: @raised@; border-color: @line@; color: @disabled@; }
QPushButton[link="true"] { border: 1px solid transparent; background: transparent; color: @link@; padding: 2px 4px; text-align: left; }
QPushButton[link="true"]:hover { text-decoration: underline; }
QPushButton[link="true"]:focus { border: 1px solid @accent@; padding: 2px 4px; }
QPushButton[link="true"]:disabled { color: @disabled@; }
QDialogButtonBox { dialogbuttonbox-buttons-have-icons: 0; }
QToolButton { padding: 3px; border: 1px solid transparent; border-radius: 4px; background: transparent; }
QToolButton:hover { background: @selected@; }
QToolButton:checked, QToolButton:pressed { background: @selected@; border-color: @accent@; }
QToolButton:focus { border-color: @accent@; }
QToolButton::menu-indicator { image: none; }

QLineEdit, QPlainTextEdit, QTextEdit { background: @surface@; border: 1px solid @outline@; border-radius: 4px;
    padding: 3px 6px; min-height: 1.3em; selection-background-color: @accent@; selection-color: @onAccent@; }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus { border: 2px solid @accent@; padding: 2px 5px; }
QLineEdit:disabled { background: @raised@; color: @disabled@; border-color: @line@; }
QAbstractSpinBox, QComboBox { background: @surface@; border: 1px solid @outline@; border-radius: 4px; padding: 2px 4px; min-height: 1.4em; }
QAbstractSpinBox:focus, QComboBox:focus { border: 2px solid @accent@; padding: 1px 3px; }
QAbstractSpinBox:disabled, QComboBox:disabled { background: @raised@; color: @disabled@; border-color: @line@; }
QAbstractSpinBox QLineEdit { border: 0; padding: 0; background: transparent; min-height: 0; }
QAbstractSpinBox::up-button { subcontrol-origin: border; subcontrol-position: top right; width: 16px; border: 0; }
QAbstractSpinBox::down-button { subcontrol-origin: border; subcontrol-position: bottom right; width: 16px; border: 0; }
QAbstractSpinBox::up-arrow { image: url(:/icons/spin-up.svg); width: 10px; height: 10px; }
QAbstractSpinBox::down-arrow { image: url(:/icons/spin-down.svg); width: 10px; height: 10px; }
QComboBox::drop-down { subcontrol-origin: border; subcontrol-position: center right; width: 18px; border: 0; }
QComboBox::down-arrow { image: url(:/icons/spin-down.svg); width: 10px; height: 10px; }
QCheckBox::indicator, QRadioButton::indicator { width: 13px; height: 13px; border: 1px solid @outline@; background: @surface@; }
QCheckBox::indicator { border-radius: 3px; }
QRadioButton::indicator { border-radius: 7px; }
QCheckBox, QRadioButton { border: 1px solid transparent; border-radius: 4px; padding: 1px; }
QCheckBox:focus, QRadioButton:focus { border-color: @accent@; }
QCheckBox::indicator:checked { background: @accent@; border-color: @accent@; image: url(:/icons/tick-@tick@.svg); }
QRadioButton::indicator:checked { border: 4px solid @accent@; width: 7px; height: 7px; }
QCheckBox::indicator:disabled, QRadioButton::indicator:disabled { border-color: @line@; background: @raised@; }
QCheckBox::indicator:checked:disabled { border-color: @disabled@; background: @disabled@; }
QComboBox QAbstractItemView { background: @surface@; border: 1px solid @outline@; selection-background-color: @selected@; selection-color: @text@; }

QAbstractItemView { background: @surface@; alternate-background-color: @raised@; border: 1px solid @line@; outline: 0;
    selection-background-color: @selected@; selection-color: @text@; gridline-color: @line@; }
QAbstractItemView:focus { border-color: @accent@; }
QAbstractScrollArea::corner { border: 0; background: transparent; }
QHeaderView { background: @raised@; border: 0; }
QHeaderView::section { background: @raised@; color: @mutedText@; border: 0; border-bottom: 1px solid @line@; padding: 4px 8px; }
QTableView::item { padding: 2px 6px; border: 0; }
QListView[frameless="true"] { border: 0; }
QListView::item { padding: 4px 6px; border-radius: 4px; }
QAbstractItemView::item:selected { background: @selected@; color: @text@; @selectedEdge@ }

QProgressBar { background: @line@; border: 1px solid @outline@; border-radius: 4px; height: 8px; text-align: center; }
QProgressBar::chunk { background: @accent@; border-radius: 3px; }
QScrollArea { border: 0; background: @surface@; }
QSplitter::handle { background: @line@; }
QSplitter::handle:horizontal { width: 1px; }
QSplitter::handle:vertical { height: 1px; }
QScrollBar:vertical { background: transparent; width: 12px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 12px; margin: 0; }
QScrollBar::handle { background: @outline@; border-radius: 4px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 28px; }
QScrollBar::handle:horizontal { min-width: 28px; }
QScrollBar::handle:hover { background: @mutedText@; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QDockWidget { titlebar-close-icon: url(:/icons/dock-close.svg); titlebar-normal-icon: url(:/icons/dock-float.svg); font-weight: bold; }
QStatusBar { background: @raised@; }
QStatusBar::item { border: 0; }
QDockWidget::title { background: @raised@; padding: 6px 8px; border-top: 1px solid @line@; }
QMainWindow::separator { background: @line@; width: 1px; height: 1px; }
QFrame[card="true"] { background: @surface@; border: 1px solid @line@; border-radius: 6px; }
QLabel[muted="true"] { color: @mutedText@; }
QLabel:disabled, QCheckBox:disabled, QRadioButton:disabled { color: @disabled@; }
)");

} // namespace

QString styleSheet(const PlotStyle &style)
{
    QString sheet = kSheet;
    const std::pair<const char *, QColor> colours[] = {
        {"surface", style.surface},   {"raised", style.raised},       {"selected", style.selected},
        {"text", style.text},         {"mutedText", style.mutedText}, {"line", style.line},
        {"outline", style.outline},   {"accent", style.accent},       {"link", style.readable(style.accent)},
        {"onAccent", style.onAccent}, {"disabled", style.disabled}};
    // A tint is enough beside a row's other marks, but not where people ask for contrast.
    sheet.replace(QLatin1String("@selectedEdge@"), style.isHighContrast
                                                       ? QLatin1String("border-top: 1px solid @accent@; border-bottom: 1px solid @accent@;")
                                                       : QLatin1String());
    for (const auto &[name, colour] : colours)
        sheet.replace(QLatin1Char('@') + QLatin1String(name) + QLatin1Char('@'), colour.name());
    return sheet.replace(QLatin1String("@tick@"), style.isDark ? QLatin1String("dark") : QLatin1String("light"));
}

} // namespace secateur::ui
